import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { record } from '@funnel/ledger/testing'
import { ClockState, type FunnelClient } from '@funnel/query-api'
import { askedOf, type Asked } from '../testing/asked.js'
import { at, handoff, iso, quality, response, start, volume } from '../testing/promised.js'

/** Of lead l the response was met and the handoff missed; of late the response came 3 h late; two clocks run, one is paused. */
const told = [
  { type: 'touchpoint.recorded' as const, data: { visitor: 'v', kind: 'page', channel: 'event' }, at: at(1) },
  { type: 'lead.captured' as const, data: { lead: 'l', visitor: 'v' }, at: at(1) },
  start(response('l'), 3),
  start(handoff('l'), 4),
  response('l')(2, 'met', { by: 'e', at: iso(2, 12), used: 1800 }, 12),
  handoff('l')(4, 'breached', { due: iso(4) }),
  start(response('late'), 3),
  response('late')(3, 'breached', { due: iso(3) }),
  response('late')(5, 'ended', {
    by: 'e',
    at: iso(5),
    used: 14_400,
    due: iso(3),
    how: 'stopped',
    lateness: 10_800,
  }),
  start(response('soon'), 6),
  start(response('later', 'eve'), 7),
  start(response('waits'), 6),
  response('waits')(3, 'changed', { state: 'paused', left: 600, because: ['e'] }),
  start(volume, 9),
  start(quality, 9),
  volume(9, 'met', { at: iso(9), used: 0, value: 12 }),
  quality(9, 'breached', { due: iso(9), value: 0.4 }),
]

describe('the clocks of promises', () => {
  let asked: Asked
  let client: FunnelClient
  beforeAll(async () => {
    asked = await askedOf(record(told, [1]))
    client = asked.client
  })
  afterAll(() => asked?.close())

  const listed = async (request: Parameters<FunnelClient['listClocks']>[0]) =>
    (await client.listClocks(request)).clocks.map((one) => one.clock)
  const open = ['handoff-acceptance/l', 'lead-response/soon', 'lead-response/later', 'lead-response/waits']

  it('are listed by time left: overdue ones first, paused ones last; those that are over when they are asked for', async () => {
    expect(await listed({})).toEqual(open)
    expect(await listed({ leads: ['l', 'late'], over: true })).toEqual([
      'lead-response/l',
      'lead-response/late',
      'handoff-acceptance/l',
    ])
  })

  it('are listed of a policy, a party, an owner, a team, a lead, or those that are overdue', async () => {
    expect(await listed({ policies: ['handoff-acceptance'] })).toEqual([open[0]])
    expect(await listed({ parties: ['marketing'] })).toEqual([])
    expect(await listed({ parties: ['marketing'], over: true })).toEqual([
      'mql-quality/2026-01-01',
      'mql-volume/2026-01-01',
    ])
    expect(await listed({ owners: ['eve', 'bob'] })).toEqual([open[0], open[2]])
    expect(await listed({ teams: ['dach'] })).toEqual(open.slice(1))
    expect(await listed({ leads: ['soon'] })).toEqual([open[1]])
    expect(await listed({ overdue: true })).toEqual([open[0]])
    expect(await listed({ overdue: true, over: true, policies: ['lead-response'] })).toEqual(['lead-response/late'])
    expect(await listed({ owners: ['nobody'] })).toEqual([])
  })

  it('say by which policy, when they are due, and what is left of a paused one', async () => {
    const { clocks, basis } = await client.listClocks({ policies: ['lead-response'], leads: ['soon', 'waits'] })
    expect(basis).toMatchObject({ generation: 1 })
    expect(clocks[0]).toEqual({
      clock: 'lead-response/soon',
      policy: 'lead-response',
      policyVersion: 2,
      party: 'sales',
      subject: 'soon',
      lead: 'soon',
      owner: 'ann',
      team: 'dach',
      state: ClockState.CLOCK_STATE_RUNNING,
      startedAt: new Date(at(2)),
      dueAt: new Date(at(6)),
      leftSeconds: undefined,
      missed: false,
      endedAt: undefined,
      parent: undefined,
    })
    expect(clocks[1]).toMatchObject({ state: ClockState.CLOCK_STATE_PAUSED, leftSeconds: 600, dueAt: undefined })
  })

  it('row 22: name the clock that they are parts of', async () => {
    const { clocks } = await client.listClocks({ leads: ['l'], over: true })
    expect(clocks.map(({ clock, parent, missed }) => [clock, parent, missed])).toEqual([
      ['lead-response/l', undefined, false],
      ['handoff-acceptance/l', 'time-to-action/l', true],
    ])
  })

  it('come in pages that fit together', async () => {
    const pages: string[] = []
    for (let pageToken = ''; ;) {
      const page = await client.listClocks({ pageSize: 1, pageToken, over: true, parties: ['sales'] })
      pages.push(...page.clocks.map((one) => one.clock))
      if (!(pageToken = page.nextPageToken)) break
    }
    expect(pages).toEqual(await listed({ over: true, parties: ['sales'] }))
    const { nextPageToken: pageToken } = await client.listClocks({ pageSize: 1 })
    await expect(client.listClocks({ pageToken, owners: ['ann'] })).rejects.toMatchObject({
      code: 'INVALID',
      details: { field: 'page_token' },
    })
  })

  const numbers = async (kpi: string, by: string[], filters: { dimension: string; values: string[] }[] = []) => {
    const { answer } = await client.queryKpi({ question: { kpi, by, filters } })
    return Object.fromEntries(
      answer!.rows.map(({ dimensions, cell }) => {
        const { value } = cell!
        const number = value?.$case === 'noValue' || value?.$case === 'money' ? undefined : value?.value
        return [dimensions.map((one) => one.value).join(), number]
      }),
    )
  }

  it('row 22: report the breached handoff and the met response of one lead', async () => {
    const ofL = [{ dimension: 'channel', values: ['event'] }]
    expect(await numbers('sla-compliance', ['policy'], ofL)).toEqual({ 'lead-response': 1, 'handoff-acceptance': 0 })
    expect(await numbers('sla-missed', ['policy'], ofL)).toEqual({ 'handoff-acceptance': 1 })
  })

  it('row 25: count a lead that was answered 3 h late as missed once, overdue no more, and 3 h late', async () => {
    expect(await numbers('sla-missed', ['policy'])).toMatchObject({ 'lead-response': 1 })
    expect(await numbers('sla-overdue', ['policy'])).toEqual({ 'handoff-acceptance': 1 })
    expect(await numbers('sla-lateness-median', [])).toEqual({ '': 10_800 })
    expect(await numbers('response-time-median', ['policy'])).toEqual({ 'lead-response': 8100 })
    expect(await numbers('response-time-p90', ['policy'])).toEqual({ 'lead-response': 13_140 })
    const { answer } = await client.queryKpi({
      question: { kpi: 'sla-overdue', by: ['policy'], asOf: new Date(at(4)) },
    })
    expect(answer!.rows.map(({ dimensions }) => dimensions[0]!.value)).toEqual(['handoff-acceptance', 'lead-response'])
  })

  it('rows 27, N10: report both teams at once, whose promise is broken the same way', async () => {
    expect(await numbers('sla-compliance', ['party'])).toEqual({ marketing: 0.5, sales: 1 / 3 })
    expect(await numbers('sla-missed', ['party', 'policy'])).toEqual({
      'marketing,mql-quality': 1,
      'sales,handoff-acceptance': 1,
      'sales,lead-response': 1,
    })
    expect(await numbers('sla-open', ['party'])).toEqual({ sales: 4 })
  })

  it('are explained by the events that say so', async () => {
    const { entries } = await client.explainKpi({
      question: { kpi: 'sla-missed', filters: [{ dimension: 'party', values: ['marketing'] }] },
    })
    expect(entries).toMatchObject([
      { subjectKind: 'clock', subject: 'mql-quality/2026-01-01', event: { type: 'sla.breached' } },
    ])
  })

  it('stand in the journey of their lead, every event of them', async () => {
    const { events } = await client.listJourney({ subject: { $case: 'lead', value: 'l' } })
    expect(events.map(({ type }) => type)).toEqual([
      'touchpoint.recorded',
      'lead.captured',
      'sla.started',
      'sla.started',
      'sla.met',
      'sla.breached',
    ])
  })
})
