import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import { record } from '@funnel/ledger/testing'
import type { FunnelClient } from '@funnel/query-api'
import { askedOf, type Asked } from '../testing/asked.js'

const day = (n: number) => Date.UTC(2026, 0, n)
const on = (at: number, type: FunnelEvent['type'], data: Record<string, unknown>) => ({ type, data, at: day(at) })

/** In the order of arrival: the trade fair was on day 2 and is imported last. */
const told = [
  on(1, 'touchpoint.recorded', { visitor: 'v1', kind: 'page', channel: 'organic_search' }),
  on(3, 'touchpoint.recorded', { visitor: 'v2', kind: 'form' }),
  on(3, 'visitor.identified', { visitor: 'v2', person: 'p' }),
  on(3, 'lead.captured', { lead: 'l', person: 'p', visitor: 'v2' }),
  on(4, 'visitor.identified', { visitor: 'v1', person: 'p' }),
  on(4, 'lead.captured', { lead: 'other', person: 'q' }),
  on(5, 'lead.qualified', { lead: 'l', stage: 'mql', rule: 'mql', ruleVersion: 1 }),
  on(5, 'handoff.offered', { lead: 'l', handoff: 'h', assignee: 'sam', deadline: '2026-01-06T00:00:00.000Z' }),
  on(6, 'handoff.accepted', { lead: 'l', handoff: 'h', owner: 'sam', stage: 'sal' }),
  on(7, 'deal.opened', { deal: 'd', lead: 'l', person: 'p', account: 'acme' }),
  on(9, 'deal.won', { deal: 'd' }),
  on(8, 'deal.opened', { deal: 'd2', account: 'acme' }),
  on(8, 'lead.captured', { lead: 'anonymous', visitor: 'v9' }),
  on(7, 'touchpoint.recorded', { visitor: 'v9', kind: 'page' }),
  on(2, 'touchpoint.recorded', { visitor: 'v2', kind: 'event' }),
  // a company with two contacts and two deals, of which the second names neither of them
  on(1, 'touchpoint.recorded', { visitor: 'g1', kind: 'ad-click', channel: 'paid_search' }),
  on(2, 'touchpoint.recorded', { visitor: 'g1', kind: 'form', channel: 'direct' }),
  on(2, 'visitor.identified', { visitor: 'g1', person: 'gina' }),
  on(3, 'lead.captured', { lead: 'gina-1', person: 'gina' }),
  on(4, 'person.account-matched', {
    person: 'gina',
    account: 'globex',
    rule: 'domain',
    ruleVersion: 1,
    fields: ['domain'],
  }),
  on(5, 'touchpoint.recorded', { visitor: 'hal', kind: 'meeting', channel: 'event' }),
  on(5, 'visitor.identified', { visitor: 'hal', person: 'hal' }),
  on(5, 'person.account-matched', {
    person: 'hal',
    account: 'globex',
    rule: 'domain',
    ruleVersion: 1,
    fields: ['domain'],
  }),
  on(6, 'deal.opened', { deal: 'globex-1', lead: 'gina-1', account: 'globex' }),
  on(7, 'touchpoint.recorded', { visitor: 'hal', kind: 'call', channel: 'outbound' }),
  on(8, 'deal.opened', { deal: 'globex-2', account: 'globex' }),
]
/** One person under two ids, who withdrew under one of them. */
const consents = [
  on(1, 'touchpoint.recorded', { visitor: 'w1', kind: 'page' }),
  on(3, 'touchpoint.recorded', { visitor: 'w1', kind: 'page' }),
  on(4, 'touchpoint.recorded', { visitor: 'w2', kind: 'page' }),
  on(6, 'touchpoint.recorded', { visitor: 'w2', kind: 'page' }),
  on(7, 'touchpoint.recorded', { visitor: 'w2', kind: 'page', consent: { attribution: false } }),
  on(1, 'visitor.identified', { visitor: 'w1', person: 'r' }),
  on(4, 'visitor.identified', { visitor: 'w2', person: 'old-r' }),
  on(2, 'person.consent-recorded', { person: 'r', purposes: { attribution: false } }),
  on(5, 'person.consent-recorded', { person: 'old-r', purposes: { attribution: true, mail: false } }),
  on(10, 'person.absorbed', { person: 'old-r', into: 'r' }),
]

describe('a journey', () => {
  let asked: Asked
  let client: FunnelClient
  beforeAll(async () => {
    asked = await askedOf(record([...told, ...consents], [1]))
    client = asked.client
  })
  afterAll(() => asked?.close())

  const steps = async (question: Parameters<FunnelClient['listJourney']>[0]) => {
    const { events } = await client.listJourney(question)
    return events.map(({ occurredAt, type }) => `${occurredAt!.getUTCDate()} ${type}`)
  }
  const whole = [
    '1 touchpoint.recorded',
    '2 touchpoint.recorded',
    '3 touchpoint.recorded',
    '3 visitor.identified',
    '3 lead.captured',
    '4 visitor.identified',
    '5 lead.qualified',
    '5 handoff.offered',
    '6 handoff.accepted',
    '7 deal.opened',
    '9 deal.won',
  ]

  it('row 33: has everything of a person in the order in which it happened, the scan that was imported late at its date', async () => {
    expect(await steps({ subject: { $case: 'person', value: 'p' } })).toEqual(whole)
  })

  it('row 28: has the touches from before the person was known', async () => {
    const { events, persons, leads, deals, basis } = await client.listJourney({
      subject: { $case: 'lead', value: 'l' },
      types: ['touchpoint.recorded'],
    })
    expect(events.map(({ stream }) => stream)).toEqual(['visitor-v1', 'visitor-v2', 'visitor-v2'])
    expect(events[0]).toMatchObject({ source: '/test', dataJson: expect.stringContaining('organic_search') })
    expect({ persons, leads, deals }).toEqual({ persons: ['p'], leads: ['l'], deals: ['d'] })
    expect(basis).toMatchObject({ generation: 1 })
  })

  it('is the same asked by lead and by deal', async () => {
    expect(await steps({ subject: { $case: 'lead', value: 'l' } })).toEqual(whole)
    expect(await steps({ subject: { $case: 'deal', value: 'd' } })).toEqual(whole)
  })

  it('of a lead of nobody known is that of its visitor', async () => {
    expect(await steps({ subject: { $case: 'lead', value: 'anonymous' } })).toEqual([
      '7 touchpoint.recorded',
      '8 lead.captured',
    ])
  })

  it('of a company has the deals with it and those behind them', async () => {
    const events = await steps({ subject: { $case: 'account', value: 'acme' } })
    expect(events).toEqual(whole.toSpliced(-1, 0, '8 deal.opened'))
  })

  it('row 31: of a company, all contacts counted, gives its deals one first touch and one lead creation, and each its own opening', async () => {
    const { events } = await client.listJourney({ subject: { $case: 'account', value: 'globex' } })
    const touchBefore = (end: number) =>
      events.slice(0, end + 1).findLast(({ type }) => type === 'touchpoint.recorded')?.dataJson
    const channelOf = (dataJson = '{}') => (JSON.parse(dataJson) as { readonly channel?: string }).channel
    const milestones = (deal: string) =>
      [
        events.findIndex(({ type }) => type === 'touchpoint.recorded'),
        events.findIndex(({ type }) => type === 'lead.captured'),
        events.findIndex(({ type, stream }) => type === 'deal.opened' && stream === `deal-${deal}`),
      ].map((at) => channelOf(touchBefore(at)))
    expect(milestones('globex-1')).toEqual(['paid_search', 'direct', 'event'])
    expect(milestones('globex-2')).toEqual(['paid_search', 'direct', 'outbound'])
  })

  it('row 76: has touches without consent to attribution, and says which they are', async () => {
    const { events, unattributable } = await client.listJourney({
      subject: { $case: 'person', value: 'old-r' },
      types: ['touchpoint.recorded'],
    })
    const flagged = (id: string) => unattributable.includes(id)
    expect(events.map(({ id, occurredAt }) => [occurredAt!.getUTCDate(), flagged(id)])).toEqual([
      [1, false],
      [3, true],
      [4, true],
      [6, false],
      [7, true],
    ])
    expect((await client.listJourney({ subject: { $case: 'person', value: 'p' } })).unattributable).toEqual([])
  })

  it('comes in pages that fit together, and of a period', async () => {
    const subject = { $case: 'person', value: 'p' } as const
    const pages: string[] = []
    for (let pageToken = ''; ;) {
      const page = await client.listJourney({ subject, pageSize: 4, pageToken })
      pages.push(...page.events.map(({ occurredAt, type }) => `${occurredAt!.getUTCDate()} ${type}`))
      if (!(pageToken = page.nextPageToken)) break
    }
    expect(pages).toEqual(whole)
    expect(await steps({ subject, from: new Date(day(5)), to: new Date(day(7)) })).toEqual(whole.slice(6, 9))
  })

  it('of nobody known is empty, of nobody at all is refused', async () => {
    expect(await steps({ subject: { $case: 'person', value: 'x' } })).toEqual([])
    await expect(client.listJourney({})).rejects.toMatchObject({ code: 'INVALID' })
    const { nextPageToken: pageToken } = await client.listJourney({
      subject: { $case: 'person', value: 'p' },
      pageSize: 1,
    })
    await expect(client.listJourney({ subject: { $case: 'person', value: 'q' }, pageToken })).rejects.toMatchObject({
      code: 'INVALID',
      details: { field: 'page_token' },
    })
  })
})
