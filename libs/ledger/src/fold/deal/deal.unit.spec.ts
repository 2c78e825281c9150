import { describe, expect, it } from '@jest/globals'
import type { Measure } from '@funnel/definitions'
import { day, on, told, type Asked } from '../testing/told.js'

const usd = (units: number) => ({ minor: units * 100, currency: 'USD' })
const eur = (units: number) => ({ minor: units * 100, currency: 'EUR' })
const fact =
  (type: 'opened' | 'stage-entered' | 'amount-changed' | 'won' | 'lost' | 'reopened') =>
  (at: number, data: object = {}, options?: { known: number }) =>
    on(at, `deal.${type}`, { deal: 'd1', ...data }, options)
const opened = fact('opened')
const stage = fact('stage-entered')
const amount = fact('amount-changed')
const won = fact('won')
const lost = fact('lost')
const reopened = fact('reopened')

describe('a deal won on day 50 and reopened on day 90', () => {
  const { sum, deal } = told([opened(10, { amount: usd(500) }), won(50), reopened(90)])

  it('is no win of the period of day 50 any more, but was until day 90', () => {
    expect(sum('deal.won', { period: [50, 51], known: 89 })).toBe(1)
    expect(sum('deal.won', { period: [50, 51], known: 90 })).toBe(0)
    expect(sum('deal.won.value', { known: 89 })).toBe(50_000)
    expect(sum('deal.won.value')).toBe(0)
  })

  it('leaves nothing in the period of day 90', () => {
    expect(sum('deal.won', { period: [90, 91] })).toBe(0)
  })

  it('stood won on day 60, and on day 90 no more', () => {
    expect([49, 50, 60, 89, 90].map((asOf) => sum('deal.won.standing', { asOf }))).toEqual([0, 1, 1, 1, 0])
  })

  it('stood open before and after', () => {
    expect([9, 10, 49, 50, 89, 90].map((asOf) => sum('deal.open', { asOf }))).toEqual([0, 1, 1, 0, 0, 1])
    expect([49, 60, 90].map((asOf) => sum('deal.open.value', { asOf }))).toEqual([50_000, 0, 50_000])
    expect(deal('d1')).toMatchObject({ outcome: 'open' })
    expect(deal('d1').closedAt).toBeUndefined()
  })

  it('and won again on day 95 is a win of day 95', () => {
    const { sum } = told([opened(10, { amount: usd(500) }), won(50), reopened(90), won(95)])
    expect(sum('deal.won', { period: [95, 96] })).toBe(1)
    expect(sum('deal.won')).toBe(1)
  })
})

describe('a close', () => {
  it('that is reported twice is one, at the first report', () => {
    const { sum, deal } = told([opened(1), won(5), won(7)])
    expect(sum('deal.won')).toBe(1)
    expect(sum('deal.won.standing')).toBe(1)
    expect(deal('d1').closedAt).toBe(day(5))
  })

  it('with another outcome takes the place of the first', () => {
    const { sum } = told([opened(1, { amount: usd(10) }), won(5), lost(7)])
    expect([sum('deal.won'), sum('deal.lost'), sum('deal.lost.value')]).toEqual([0, 1, 1000])
    expect(sum('deal.won.standing', { asOf: 6 })).toBe(1)
    expect(sum('deal.won.standing', { asOf: 7 })).toBe(0)
  })

  it('without an opening is counted and has no duration', () => {
    const { sum, entries, deal } = told([won(5, { amount: usd(10) })])
    expect([sum('deal.won'), sum('deal.won.value'), sum('deal.opened')]).toEqual([1, 1000, 0])
    expect(entries.every(({ elapsed, cohort }) => elapsed === undefined && cohort === undefined)).toBe(true)
    expect(deal('d1').flags).toEqual(['never-opened'])
  })

  it('before the opening is kept, negative and flagged', () => {
    const { entries, deal } = told([won(5), opened(6)])
    expect(entries.findLast(({ measure, amount }) => measure === 'deal.won' && amount > 0)?.elapsed).toBe(-86_400)
    expect(deal('d1')).toMatchObject({ outcome: 'won', flags: ['negative-cycle'] })
  })

  it('in the future is one of when it was recorded, and flagged', () => {
    const { deal } = told([opened(1), won(50, {}, { known: 5 })])
    expect(deal('d1')).toMatchObject({ flags: ['future-time'], closedAt: day(5) + 1000 })
  })

  it('that became known before the opening gives the same as the other way round', () => {
    const { entries } = told([opened(1, {}, { known: 9 }), won(5)])
    expect(entries.findLast(({ measure, amount }) => measure === 'deal.won' && amount > 0)?.elapsed).toBe(4 * 86_400)
  })

  it('is not undone by a stage that is reported later', () => {
    const { sum } = told([opened(1), won(5), stage(6, { stage: 'signed' })])
    expect([sum('deal.won'), sum('deal.open')]).toEqual([1, 0])
  })
})

describe('the value of a deal', () => {
  it('re-prices the win in the period of the win, known from the change on', () => {
    const { sum } = told([opened(1, { amount: usd(100) }), won(5), amount(8, { amount: usd(120) })])
    const value = (asked: Asked) => sum('deal.won.value', asked)
    expect([value({ period: [5, 6], known: 7 }), value({ period: [5, 6] }), value({ period: [8, 9] })]).toEqual([
      10_000, 12_000, 0,
    ])
    expect(sum('deal.won')).toBe(1)
  })

  it('at the opening stays what was said then', () => {
    const { sum } = told([opened(1, { amount: usd(100) }), amount(8, { amount: usd(120) })])
    expect(sum('deal.opened.value')).toBe(10_000)
    expect([sum('deal.open.value', { asOf: 7 }), sum('deal.open.value', { asOf: 8 })]).toEqual([10_000, 12_000])
  })

  it('that nobody told makes a count without a value', () => {
    const { sum, entries, deal } = told([opened(1), won(5)])
    expect(sum('deal.won')).toBe(1)
    expect(entries.filter(({ measure }) => measure.endsWith('.value'))).toEqual([])
    expect(deal('d1').amount).toBeUndefined()
  })

  it('of zero is known and adds nothing', () => {
    const { entries, deal } = told([won(5, { amount: usd(0) })])
    expect(entries.filter(({ measure }) => measure.endsWith('.value'))).toEqual([])
    expect(deal('d1').amount).toBe(0)
  })

  it('is never added up over currencies', () => {
    const { sum, entries } = told([won(5, { amount: usd(100) }), on(6, 'deal.won', { deal: 'd2', amount: eur(70) })])
    expect(sum('deal.won.value', { currency: 'USD' })).toBe(10_000)
    expect(sum('deal.won.value', { currency: 'EUR' })).toBe(7000)
    expect(entries.every(({ measure, currency }) => measure.endsWith('.value') === (currency !== undefined))).toBe(true)
  })

  it('that changes its currency leaves nothing in the old one', () => {
    const { sum } = told([won(5, { amount: usd(100) }), amount(6, { amount: eur(90) })])
    expect([sum('deal.won.value', { currency: 'USD' }), sum('deal.won.value', { currency: 'EUR' })]).toEqual([0, 9000])
  })
})

describe('the open pipeline', () => {
  const { sum } = told([
    opened(1, { stage: 'talks', amount: usd(100), owner: 'ann' }),
    stage(3, { stage: 'offer' }),
    amount(4, { amount: usd(80), owner: 'bob' }),
    lost(6),
  ])
  const stood = (measure: Measure, asOf: number, asked: Asked) => sum(measure, { asOf, ...asked })

  it('stands by stage on every day', () => {
    expect([1, 3, 6].map((n) => stood('deal.open', n, { stage: 'talks' }))).toEqual([1, 0, 0])
    expect([1, 3, 6].map((n) => stood('deal.open', n, { stage: 'offer' }))).toEqual([0, 1, 0])
    expect([1, 3, 4, 6].map((n) => stood('deal.open.value', n, {}))).toEqual([10_000, 10_000, 8000, 0])
  })

  it('stands with the owner of the day', () => {
    expect([3, 4].map((n) => stood('deal.open', n, { dims: { owner: 'ann' } }))).toEqual([1, 0])
    expect([3, 4].map((n) => stood('deal.open', n, { dims: { owner: 'bob' } }))).toEqual([0, 1])
  })

  it('holds a deal from whatever was told of it first', () => {
    const { sum } = told([amount(2, { amount: usd(5) }), opened(4)])
    expect([2, 4].map((asOf) => sum('deal.open.value', { asOf }))).toEqual([500, 500])
    expect(sum('deal.opened', { period: [4, 5] })).toBe(1)
  })
})

describe('a deal', () => {
  it('has the dimension values of its lead, whichever comes first', () => {
    const { sum } = told([
      won(5, { lead: 'l1', amount: usd(1) }),
      on(1, 'lead.captured', { lead: 'l1', owner: 'ann', properties: { origin: 'fair' } }, { known: 7 }),
    ])
    expect(sum('deal.won', { dims: { origin: 'none' }, known: 6 })).toBe(1)
    expect(sum('deal.won', { dims: { origin: 'fair', lead_owner: 'ann' } })).toBe(1)
    expect(sum('deal.won')).toBe(1)
  })

  it('goes with another lead when it names one', () => {
    const { sum } = told([
      on(1, 'lead.captured', { lead: 'l1', properties: { origin: 'fair' } }),
      on(1, 'lead.captured', { lead: 'l2', properties: { origin: 'web' } }),
      opened(2, { lead: 'l1' }),
      stage(3, { stage: 'offer', lead: 'l2' }),
    ])
    expect(sum('deal.opened', { dims: { origin: 'fair' }, known: 2 })).toBe(1)
    expect(sum('deal.opened', { dims: { origin: 'web' } })).toBe(1)
    expect(sum('deal.opened')).toBe(1)
  })

  it('stays with its person, whoever becomes one of its contacts or is one no more', () => {
    const contact = (what: 'added' | 'removed', at: number, person: string) =>
      on(at, `deal.contact-${what}`, { deal: 'd1', person, role: 'champion' })
    const with1 = [opened(1, { person: 'p1' }), contact('added', 2, 'p2'), contact('removed', 3, 'p3')]
    expect(told(with1).deal('d1').person).toBe('p1')
    expect(told([...with1, stage(4, { stage: 'offer', person: 'p4' })]).deal('d1').person).toBe('p4')
    expect(told([opened(1), contact('added', 2, 'p2')]).deal('d1').person).toBeUndefined()
  })

  it('may have no lead', () => {
    const { deal } = told([opened(2, { account: 'acme', owner: 'ann', amount: usd(3), stage: 'offer', person: 'p1' })])
    expect(deal('d1')).toEqual({
      deal: 'd1',
      account: 'acme',
      person: 'p1',
      owner: 'ann',
      stage: 'offer',
      amount: 300,
      currency: 'USD',
      outcome: 'open',
      openedAt: day(2),
      properties: {},
      flags: [],
    })
  })
})
