import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadAllDefinitions } from '@funnel/definitions'
import type { FunnelEvent } from '@funnel/events'
import { record } from '@funnel/ledger/testing'
import { Matter, Party, Verdict, type Comparison, type FunnelClient } from '@funnel/query-api'
import { askedOf, type Asked } from '../testing/asked.js'

const day = (n: number) => Date.UTC(2026, 0, n)
const on = (at: number, type: FunnelEvent['type'], data: Record<string, unknown>, source = '/site') => ({
  type,
  data,
  at: day(at),
  source,
})
const handed = (lead: string) =>
  on(4, 'handoff.offered', { lead, handoff: 'h', assignee: 'sam', deadline: '2026-01-09T00:00:00.000Z' }, '/automation')
const ruled = (lead: string) =>
  on(3, 'lead.qualified', { lead, stage: 'mql', rule: 'mql', ruleVersion: 1 }, '/automation')
const [mql] = loadAllDefinitions().qualifications
const setUp = { ...mql!, version: 5 }
const stricter = { ...mql!, version: 6, fit: { field: 'properties.segment', is: 'enterprise' } }

const applied = (content: typeof setUp) =>
  on(10, 'definition.applied', {
    definition: 'qualification/mql',
    version: content.version,
    effective: '2026-01-01T00:00:00.000Z',
    approved: { marketing: 'm', sales: 's' },
    hash: '0'.repeat(64),
    content,
  })

/**
 * In the order of arrival; a queue is staffed and a rule applied before there is business. Of the lead `fine` all say the
 * same, of `hot` nobody does, `late` came under another rule.
 */
const told = [
  on(1, 'queue.staffed', { queue: 'q', members: [] }),
  applied(setUp),
  on(1, 'touchpoint.recorded', { visitor: 'v', kind: 'page', channel: 'organic_search' }),
  on(2, 'lead.captured', { lead: 'fine', person: 'p', properties: { segment: 'small', origin: 'organic_search' } }),
  on(2, 'lead.captured', { lead: 'hot', person: 'q', properties: { segment: 'small', origin: 'paid_search' } }),
  on(2, 'lead.engaged', { lead: 'fine', kind: 'reply' }),
  ruled('fine'),
  handed('fine'),
  on(5, 'handoff.accepted', { lead: 'fine', handoff: 'h', owner: 'sam', stage: 'sal' }, '/commands'),
  on(3, 'lead.stage-entered', { lead: 'hot', stage: 'mql' }),
  handed('hot'),
  on(5, 'handoff.rejected', { lead: 'hot', handoff: 'h', reason: 'no-budget' }, '/commands'),
  on(6, 'lead.stage-entered', { lead: 'hot', stage: 'sql', owner: 'ann' }, '/crm'),
  on(7, 'deal.opened', { deal: 'd', lead: 'hot', amount: { minor: 50_000, currency: 'USD' } }, '/crm'),
  on(8, 'deal.won', { deal: 'd', amount: { minor: 45_000, currency: 'USD' } }, '/billing'),
  on(9, 'deal.lost', { deal: 'd', reason: 'price' }, '/crm'),
  on(3, 'visitor.identified', { visitor: 'v', person: 'p' }),
  on(0, 'touchpoint.recorded', { visitor: 'w', kind: 'ad-click', channel: 'display' }),
  on(2, 'visitor.identified', { visitor: 'w', person: 'q' }),
  applied(stricter),
  on(13, 'lead.captured', { lead: 'late', properties: { segment: 'small' } }),
  on(13, 'lead.engaged', { lead: 'late', kind: 'reply' }),
] as const

describe('row N11: what is claimed of a lead', () => {
  let asked: Asked
  let client: FunnelClient
  const events = record(told, [1]).map((one, i) => ({ ...one, event: { ...one.event, source: told[i]!.source } }))

  beforeAll(async () => {
    asked = await askedOf(events)
    client = asked.client
  })
  afterAll(() => asked?.close())

  type Question = NonNullable<Parameters<FunnelClient['compareClaims']>[0]>
  const ask = async (question: Question) => (await client.compareClaims(question)).comparisons
  const of = (lead: string, after?: number): Question => ({
    subject: { $case: 'lead', value: lead },
    ...(after === undefined ? {} : { knownAt: new Date(events[after]!.recorded) }),
  })
  /** `subject matter: party value, …` of those that disagree, or all. */
  const shown = (comparisons: readonly Comparison[], verdict?: Verdict) =>
    comparisons
      .filter((one) => verdict === undefined || one.verdict === verdict)
      .map(({ subject, matter, claims }) => {
        const said = claims.map(({ party, value }) => `${Party[party].slice('PARTY_'.length).toLowerCase()} ${value}`)
        return `${subject} ${Matter[matter].slice('MATTER_'.length).toLowerCase()}: ${said.join(', ')}`
      })

  it('is the same where marketing and sales agree, with the rule and the events that decide it', async () => {
    const found = await ask(of('fine'))
    expect(shown(found, Verdict.VERDICT_DISAGREE)).toEqual([])
    expect(shown(found, Verdict.VERDICT_AGREE)).toEqual([
      'fine qualified: agreed yes, marketing yes, sales yes',
      'fine origin: marketing organic_search, reported organic_search',
    ])
    const [agreed, , sales] = found[0]!.claims
    expect(agreed).toMatchObject({ rule: 'mql', ruleVersion: 1 })
    expect(sales!.events).toMatchObject([
      {
        id: events[8]!.event.id,
        type: 'handoff.accepted',
        source: '/commands',
        occurredAt: new Date(day(5)),
        recordedAt: new Date(events[8]!.recorded),
      },
    ])
  })

  it('stands side by side where they do not', async () => {
    const found = await ask(of('hot'))
    expect(shown(found, Verdict.VERDICT_DISAGREE)).toEqual([
      'hot qualified: agreed no, marketing yes, sales yes',
      'hot handover: sales no, sales yes',
      'hot origin: marketing display, reported paid_search',
      'd deal_outcome: sales won, sales lost',
      'd deal_amount: sales 500.00 USD, sales 450.00 USD',
    ])
    expect(found[0]!.claims[0]!.missing).toEqual([expect.stringContaining('1 × lead.engaged reply')])
    expect(found[1]!.claims.map(({ says }) => says)).toEqual([
      'rejected: no-budget',
      'in sql, a stage of sales (lead.stage-entered of /crm)',
    ])
  })

  it('rests on the rule that was in force when it happened', async () => {
    expect((await ask(of('hot')))[0]!.claims[0]).toMatchObject({ value: 'no', ruleVersion: 5 })
    const [rule] = (await ask(of('late')))[0]!.claims
    expect(rule).toMatchObject({
      value: 'no',
      ruleVersion: 6,
      missing: ['properties.segment is enterprise; but properties.segment is small'],
    })
  })

  it('is the same asked by the deal', async () => {
    const verdict = Verdict.VERDICT_DISAGREE
    const byDeal = shown(await ask({ subject: { $case: 'deal', value: 'd' } }), verdict)
    expect(byDeal.toSorted()).toEqual(shown(await ask(of('hot')), verdict).toSorted())
  })

  it('can be asked as it was known: before sales went back on its word, and before a visitor was known', async () => {
    const before = await client.compareClaims(of('hot', 11))
    expect(shown(before.comparisons, Verdict.VERDICT_DISAGREE)).toEqual([
      'hot qualified: agreed no, marketing yes, sales no',
    ])
    expect(before.basis).toMatchObject({ reasons: [] })
    expect(shown(before.comparisons)).toContain('hot origin: reported paid_search')
    expect(shown(await ask(of('fine', 3)))).toEqual([
      'fine qualified: agreed no',
      'fine origin: reported organic_search',
    ])
    expect(await ask(of('fine', 2))).toEqual([])
  })

  it('of nobody known is nothing, of nobody at all is refused', async () => {
    expect(await ask(of('x'))).toEqual([])
    await expect(client.compareClaims({})).rejects.toMatchObject({ code: 'INVALID', details: { field: 'subject' } })
  })
})
