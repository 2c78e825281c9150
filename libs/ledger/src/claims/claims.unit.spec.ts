import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { always, loadAllDefinitions, type Applied } from '@funnel/definitions'
import { derivedId } from '@funnel/events'
import { recordedLog, type Happening } from '../fold/testing/recorded-log.js'
import { day, on } from '../fold/testing/told.js'
import { claimsOn, type Agreed, type Comparison } from './index.js'

const all = loadAllDefinitions()
const applied = (definition: string, content: { version: number }, from = Number.NEGATIVE_INFINITY): Applied => ({
  definition,
  version: content.version,
  effective: from,
  recorded: from,
  hash: '',
  content,
})
const agreed: Agreed = {
  definitions: all,
  versions: always(all),
  history: {
    applied: [applied('qualification/mql', all.qualifications[0]!), applied('channels/channels', all.channels!)],
  },
}

type Source = '/crm' | '/site' | '/automation'
/** An event of a source; its id is its number among those of the log. */
const by = (source: Source, happening: Happening & { recorded: number }) => ({ ...happening, source })
const logOf = (list: readonly ReturnType<typeof by>[]) => {
  const numbered = list.map((one, i) => ({ ...one, id: derivedId('claims', i) }))
  const sources = new Map(numbered.map(({ id, source }) => [id, source]))
  return recordedLog(numbered).map((record) => ({
    ...record,
    event: { ...record.event, source: sources.get(record.event.id)! },
  }))
}
const lead = { kind: 'lead', id: 'l' } as const
const ask = (
  list: readonly ReturnType<typeof by>[],
  { subject = lead, rules = agreed }: { subject?: Comparison['subject']; rules?: Agreed } = {},
) => claimsOn(subject, logOf(list), rules)
/** The verdicts by matter, and the claims of one as `party: value`. */
const verdicts = (comparisons: readonly Comparison[]) =>
  Object.fromEntries(comparisons.map(({ matter, verdict }) => [matter, verdict]))
const claims = (comparisons: readonly Comparison[], matter: Comparison['matter']) =>
  comparisons
    .find((one) => one.matter === matter)
    ?.claims.map(({ party, value }) => `${party}: ${value}`)
    .join(', ')

const captured = by('/site', on(1, 'lead.captured', { lead: 'l', person: 'p', properties: { segment: 'small' } }))
const answered = by('/site', on(2, 'lead.engaged', { lead: 'l', kind: 'reply' }))
const ruled = by(
  '/automation',
  on(2, 'lead.qualified', {
    lead: 'l',
    stage: 'mql',
    rule: 'mql',
    ruleVersion: 1,
    because: [derivedId('claims', 0), derivedId('claims', 1)],
  }),
)
const byHand = (stage: string, at: number, source: Source = '/crm') =>
  by(source, on(at, 'lead.stage-entered', { lead: 'l', stage }))
const handoff = (what: 'offered' | 'accepted' | 'rejected' | 'expired', at: number, data: object = {}) =>
  by('/automation', on(at, `handoff.${what}`, { lead: 'l', handoff: 'h', ...data }))
const offered = handoff('offered', 3, { assignee: 'sam', deadline: '2026-01-09T00:00:00.000Z' })
const accepted = handoff('accepted', 4, { owner: 'sam', stage: 'sal' })

describe('row N11: whether a lead is qualified', () => {
  it('is agreed where the rule was met, marketing said so and sales accepted', () => {
    const found = ask([captured, answered, ruled, offered, accepted])
    expect(claims(found, 'qualified')).toBe('agreed: yes, marketing: yes, sales: yes')
    expect(verdicts(found)).toMatchObject({ qualified: 'agree', handover: 'single', stage: 'single' })
    expect(found[0]!.claims[0]).toMatchObject({
      rule: { id: 'mql', version: 1 },
      events: [derivedId('claims', 0), derivedId('claims', 1)],
    })
  })

  it('is in dispute where sales rejects a lead that met the rule', () => {
    const found = ask([captured, answered, ruled, offered, handoff('rejected', 4, { reason: 'not-qualified' })])
    expect(verdicts(found)).toMatchObject({ qualified: 'disagree' })
    expect(found[0]!.claims.at(-1)).toMatchObject({ party: 'sales', value: 'no', says: 'rejected: not-qualified' })
  })

  it('is in dispute where marketing calls it so by hand and the rule is not met, which says what is missing', () => {
    const found = ask([captured, byHand('mql', 2, '/site')])
    expect(claims(found, 'qualified')).toBe('agreed: no, marketing: yes')
    expect(found[0]).toMatchObject({ verdict: 'disagree', about: 'mql' })
    expect(found[0]!.claims[0]!.missing).toEqual([expect.stringContaining('1 × lead.engaged reply')])
  })

  it('is in dispute where sales works on a lead that does not meet the rule', () => {
    expect(claims(ask([captured, byHand('sql', 2)]), 'qualified')).toBe('agreed: no, sales: yes')
  })

  it('is not denied by sales that took a lead and lost it, but by sales that never took it', () => {
    const lost = by('/crm', on(6, 'lead.disqualified', { lead: 'l', stage: 'disqualified', reason: 'competitor' }))
    expect(claims(ask([captured, answered, ruled, offered, accepted, lost]), 'qualified')).toBe(
      'agreed: yes, marketing: yes, sales: yes',
    )
    expect(claims(ask([captured, answered, ruled, offered, lost]), 'qualified')).toBe(
      'agreed: yes, marketing: yes, sales: no',
    )
  })

  it('stays what marketing called it when the lead is sent back to that stage', () => {
    const recycled = by('/crm', on(6, 'lead.recycled', { lead: 'l', stage: 'mql', reason: 'not-now' }))
    const [{ claims: found }] = ask([captured, answered, ruled, offered, accepted, recycled]) as [Comparison]
    expect(found.map(({ says }) => says)).toEqual(['the rule was met', 'called it mql by mql@1: lead.qualified'])
  })

  it('is what the rule says, where nobody else says anything', () => {
    const found = ask([captured, answered])
    expect(found.map(({ matter, verdict }) => [matter, verdict])).toContainEqual(['qualified', 'single'])
    expect(found[0]!.claims).toEqual([
      {
        party: 'agreed',
        value: 'yes',
        says: 'the rule is met',
        rule: { id: 'mql', version: 1 },
        events: [derivedId('claims', 0), derivedId('claims', 1)],
      },
    ])
  })

  it('was so by touches from before the person was known, at one time, though the time that the rule looks back is over', () => {
    const form = (at: number) => by('/site', on(at, 'touchpoint.recorded', { visitor: 'v', kind: 'form' }))
    const known = by('/site', on(90, 'visitor.identified', { visitor: 'v', person: 'p' }))
    const late = by('/site', on(90, 'lead.enriched', { lead: 'l', properties: { note: 'x' } }))
    expect(claims(ask([captured, form(2), form(3), known, late]), 'qualified')).toBe('agreed: yes')
    expect(claims(ask([captured, form(2), form(40), known, late]), 'qualified')).toBe('agreed: no')
  })

  const says = (field: string, is: string, list: Parameters<typeof ask>[0]) => {
    const rule = { ...all.qualifications[0]!, fit: { field, is } }
    const rules = { ...agreed, history: { applied: [applied('qualification/mql', rule)] } }
    return ask(list, { rules })[0]!.claims[0]!
  }

  it('is judged by the first touch that may be attributed to the lead, as automation judges and numbers count', () => {
    const touch = (at: number, channel: string, data: object = {}) =>
      by('/site', on(at, 'touchpoint.recorded', { visitor: 'v', kind: 'page', channel, ...data }))
    const known = (person: string, visitor = 'v') => by('/site', on(0, 'visitor.identified', { visitor, person }))
    const said = (at: number, attribution: boolean) =>
      by('/site', on(at, 'person.consent-recorded', { person: 'p', purposes: { attribution } }))
    const came = (list: Parameters<typeof ask>[0]) =>
      ['email', 'direct'].filter((channel) => says('first-touch.channel', channel, list).value === 'yes')

    expect(came([touch(0, 'email'), touch(1, 'direct'), known('p'), captured, answered])).toEqual(['email'])
    const declined = touch(0, 'email', { consent: { attribution: false } })
    expect(came([declined, touch(1, 'direct'), known('p'), captured, answered])).toEqual(['direct'])
    const saidNo = [said(-1, false), touch(0, 'email'), said(1, true), touch(2, 'direct', { visitor: 'w' })]
    expect(came([...saidNo, known('p'), known('p', 'w'), captured, answered])).toEqual(['direct'])
    const named = by('/site', on(1, 'lead.enriched', { lead: 'l', visitor: 'v' }))
    expect(came([touch(0, 'email'), known('another'), captured, named, answered])).toEqual([])
  })

  it('is judged by the company that its person was matched to, while the lead tells none', () => {
    const matched = by('/automation', on(3, 'person.account-matched', { person: 'p', account: 'acme' }))
    const told = by('/crm', on(2, 'lead.enriched', { lead: 'l', account: 'own' }))
    expect(says('account', 'acme', [captured, answered])).toMatchObject({ value: 'no' })
    expect(says('account', 'acme', [captured, answered, matched])).toMatchObject({
      value: 'yes',
      events: [derivedId('claims', 2), derivedId('claims', 1)],
    })
    expect(says('account', 'acme', [captured, told, matched, answered])).toMatchObject({ value: 'no' })
    expect(says('account', 'own', [captured, told, matched, answered])).toMatchObject({ value: 'yes' })
    const others = by('/automation', on(2, 'person.account-matched', { person: 'q', account: 'other' }))
    expect(says('account', 'other', [captured, answered, matched, others])).toMatchObject({ value: 'no' })
    const merged = by('/automation', on(2, 'person.absorbed', { person: 'q', into: 'p' }))
    expect(says('account', 'other', [captured, answered, others, merged])).toMatchObject({ value: 'yes' })
  })

  it('is judged by the version in force when it happened, and a judgement by the version that judged', () => {
    const strict = { ...all.qualifications[0]!, version: 2, fit: { field: 'properties.segment', is: 'enterprise' } }
    const changed = (from: number): Agreed => ({
      ...agreed,
      history: {
        applied: [...agreed.history.applied, applied('qualification/mql', strict, day(from))],
        firstBusiness: day(0),
      },
    })
    const first = (list: Parameters<typeof ask>[0], from: number) => ask(list, { rules: changed(from) })[0]!.claims[0]
    expect(first([captured, answered], 20)).toMatchObject({ value: 'yes', rule: { version: 1 } })
    expect(first([captured, answered], 1)).toMatchObject({ value: 'no', rule: { version: 2 } })
    expect(first([captured, answered, ruled], 1)).toMatchObject({ value: 'yes', rule: { version: 1 } })
  })
})

describe('row N11: the stage of a lead', () => {
  it('is in dispute where one source goes back on another without a reason', () => {
    const found = ask([captured, byHand('sql', 2), byHand('mql', 3, '/site')])
    expect(claims(found, 'stage')).toBe('sales: sql, marketing: mql')
    expect(verdicts(found)).toMatchObject({ stage: 'disagree' })
  })

  it('is none where the later report goes on, or the lead was sent back for a reason', () => {
    expect(verdicts(ask([captured, byHand('mql', 2, '/site'), byHand('sql', 3)]))).toMatchObject({ stage: 'single' })
    const recycled = by('/automation', on(3, 'lead.recycled', { lead: 'l', stage: 'mql', reason: 'not-now' }))
    expect(claims(ask([captured, byHand('sql', 2), recycled]), 'stage')).toBe('marketing: mql')
  })

  it('is not that of a conversion that was reversed', () => {
    const converted = by('/automation', on(3, 'lead.converted', { lead: 'l', stage: 'opportunity', deal: 'd' }))
    const reversed = by('/automation', on(4, 'lead.conversion-reversed', { lead: 'l', reason: 'mistake' }))
    const found = ask([captured, byHand('sql', 2), converted, reversed])
    expect(claims(found, 'stage')).toBe('sales: sql')
    expect(claims(found, 'deal')).toBeUndefined()
  })
})

describe('row N11: whether sales has a lead', () => {
  it('is in dispute where the CRM works on what was rejected', () => {
    const rejected = handoff('rejected', 4, { reason: 'no-budget' })
    expect(verdicts(ask([captured, ruled, offered, rejected]))).toMatchObject({ handover: 'single' })
    expect(claims(ask([captured, ruled, offered, rejected, byHand('sql', 6)]), 'handover')).toBe(
      'sales: no, sales: yes',
    )
  })

  it('is nobody’s claim while the offer is open, nor when nobody answered', () => {
    expect(claims(ask([captured, ruled, offered]), 'handover')).toBe('marketing: undefined')
    const expired = [captured, ruled, offered, handoff('expired', 5)]
    expect(claims(ask([...expired, byHand('sql', 6)]), 'handover')).toBe('agreed: undefined, sales: yes')
    expect(claims(ask([...expired, byHand('disqualified', 6)]), 'handover')).toBe('agreed: undefined')
  })
})

describe('row N11: the owner of a lead', () => {
  const crm = (at: number, owner: string) => by('/crm', on(at, 'lead.enriched', { lead: 'l', owner }))

  it('is in dispute where the CRM names another than routing did, later', () => {
    expect(claims(ask([captured, offered, accepted, crm(6, 'ann')]), 'owner')).toBe('sales: sam, reported: ann')
    expect(claims(ask([captured, crm(2, 'ann'), offered, accepted]), 'owner')).toBe('sales: sam')
    expect(verdicts(ask([captured, offered, accepted, crm(6, 'sam')]))).toMatchObject({ owner: 'agree' })
  })
})

describe('row N11: where a lead came from', () => {
  const touch = by('/site', on(0, 'touchpoint.recorded', { visitor: 'v', kind: 'page', channel: 'organic_search' }))
  const known = by('/site', on(1, 'visitor.identified', { visitor: 'v', person: 'p' }))
  const crm = (origin: string) => by('/crm', on(3, 'lead.enriched', { lead: 'l', properties: { origin } }))

  it('is in dispute where the CRM names another channel than the first touch had', () => {
    expect(claims(ask([touch, known, captured, crm('paid_search')]), 'origin')).toBe(
      'marketing: organic_search, reported: paid_search',
    )
    expect(verdicts(ask([touch, known, captured, crm('organic_search')]))).toMatchObject({ origin: 'agree' })
  })

  it('is not compared with what is no channel', () => {
    expect(verdicts(ask([touch, known, captured, crm('demo-request')]))).toMatchObject({ origin: 'single' })
  })
})

describe('row N11: a deal', () => {
  const deal = (source: Source, at: number, what: 'opened' | 'won' | 'lost' | 'reopened', data: object = {}) =>
    by(source, on(at, `deal.${what}`, { deal: 'd', lead: 'l', ...data }))
  const usd = (minor: number) => ({ amount: { minor, currency: 'USD' } })

  it('is in dispute where two sources tell another end, or another amount', () => {
    const list = [
      captured,
      deal('/crm', 4, 'opened', usd(90_000)),
      deal('/crm', 6, 'lost', { reason: 'price' }),
      deal('/site', 7, 'won', usd(100_050)),
    ]
    const found = ask(list, { subject: { kind: 'deal', id: 'd' } })
    expect(claims(found, 'deal-outcome')).toBe('sales: lost, sales: won')
    expect(claims(found, 'deal-amount')).toBe('sales: 900.00 USD, sales: 1000.50 USD')
    expect(found.map(({ matter }) => matter)).toContain('qualified')
    expect(ask(list).map(({ matter }) => matter)).toContain('deal-amount')
    expect(claims(ask([...list, deal('/site', 8, 'reopened')]), 'deal-outcome')).toBe('sales: open again')
  })

  it('is another than the one the lead was converted to', () => {
    const converted = by('/automation', on(3, 'lead.converted', { lead: 'l', stage: 'opportunity', deal: 'e' }))
    const found = ask([captured, converted, deal('/crm', 4, 'opened')])
    expect(claims(found, 'deal')).toBe('agreed: e, sales: d')
    expect(verdicts(ask([captured, byHand('customer', 3), deal('/crm', 4, 'opened')]))).toMatchObject({
      won: 'disagree',
    })
  })
})

describe('row N11: claims', () => {
  it('of nobody known are none', () => {
    expect(ask([captured], { subject: { kind: 'lead', id: 'other' } })).toEqual([])
    expect(ask([captured], { subject: { kind: 'deal', id: 'l' } })).toEqual([])
  })

  it('do not depend on the order of arrival', () => {
    const story = [
      captured,
      answered,
      byHand('sql', 5),
      byHand('mql', 6, '/site'),
      by('/crm', on(7, 'lead.enriched', { lead: 'l', owner: 'ann', properties: { origin: 'email' } })),
      by('/site', on(0, 'touchpoint.recorded', { visitor: 'v', kind: 'page', channel: 'direct' })),
      by('/site', on(3, 'visitor.identified', { visitor: 'v', person: 'p' })),
      by('/crm', on(8, 'deal.won', { deal: 'd', lead: 'l', amount: { minor: 1, currency: 'JPY' } })),
    ].map((one, i) => ({ ...one, id: derivedId('claims', i) }))
    const sources = new Map(story.map(({ id, source }) => [id, source]))
    const arrived = (order: readonly (typeof story)[number][]) =>
      recordedLog(order.map((one, i) => ({ ...one, recorded: day(30) + i }))).map((record) => ({
        ...record,
        event: { ...record.event, source: sources.get(record.event.id)! },
      }))
    const expected = claimsOn(lead, arrived(story), agreed)
    expect(verdicts(expected)).toMatchObject({ stage: 'disagree', origin: 'disagree', owner: 'single' })
    fc.assert(
      fc.property(fc.shuffledSubarray(story, { minLength: story.length }), (order) => {
        expect(claimsOn(lead, arrived(order), agreed)).toEqual(expected)
      }),
    )
  })
})
