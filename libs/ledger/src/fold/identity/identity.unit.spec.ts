import { describe, expect, it } from '@jest/globals'
import { loadDefinitions, type Measure, type Sum } from '@funnel/definitions'
import { on, told } from '../testing/told.js'

const touch = (at: number, visitor: string, channel: string, options?: { known?: number; sequence?: number }) =>
  on(at, 'touchpoint.recorded', { visitor, kind: 'page', channel }, options)
const identified = (at: number, visitor: string, person: string, options?: { known: number }) =>
  on(at, 'visitor.identified', { visitor, person }, options)
const unlinked = (at: number, visitor: string, person: string) => on(at, 'visitor.unlinked', { visitor, person })
const absorbed = (at: number, person: string, into: string) => on(at, 'person.absorbed', { person, into })
const released = (at: number, person: string, from: string) => on(at, 'person.released', { person, from })
const captured = (at: number, lead: string, of: { person?: string; visitor?: string }) =>
  on(at, 'lead.captured', { lead, ...of })
const leadsOf = (channel: string) => ({ dims: { channel } })

describe('touches', () => {
  it('are counted by their own channel, whoever the visitor is', () => {
    const { sum } = told([touch(1, 'v1', 'search'), touch(2, 'v1', 'social'), touch(3, 'v2', 'search')])
    expect(sum('touch')).toBe(3)
    expect(sum('touch', leadsOf('search'))).toBe(2)
  })

  it('of a visitor that nobody knows change no lead', () => {
    const { sum } = told([captured(5, 'l1', { person: 'p1' }), touch(1, 'v1', 'search', { known: 6 })])
    expect(sum('lead.captured', leadsOf('none'))).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(0)
  })

  it('leave no trace in the visitor but the first', () => {
    const first = told([touch(1, 'v1', 'search')])
    const many = told([touch(1, 'v1', 'search'), ...Array.from({ length: 50 }, (_, i) => touch(2 + i, 'v1', `c${i}`))])
    expect(many.sum('touch')).toBe(51)
    expect(many.state('visitor', 'v1')).toBe(first.state('visitor', 'v1'))
  })
})

describe('a late identity link (row 28)', () => {
  const { sum } = told([
    touch(1, 'v1', 'search'),
    captured(5, 'l1', { person: 'p1' }),
    identified(6, 'v1', 'p1', { known: 9 }),
  ])

  it('moves the lead to the channel of the touch that came before it', () => {
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(sum('lead.captured', leadsOf('none'))).toBe(0)
  })

  it('is not known before it was recorded', () => {
    expect(sum('lead.captured', { ...leadsOf('search'), known: 8 })).toBe(0)
    expect(sum('lead.captured', { ...leadsOf('none'), known: 8 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), known: 9 })).toBe(1)
  })

  it('keeps the lead in the period in which it was captured', () => {
    expect(sum('lead.captured', { ...leadsOf('search'), period: [5, 6] })).toBe(1)
    expect(sum('lead.captured')).toBe(1)
  })
})

describe('the first touch', () => {
  it('is the one that happened first, though it became known last', () => {
    const { sum } = told([
      touch(3, 'v1', 'social'),
      identified(4, 'v1', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
      touch(1, 'v1', 'search', { known: 10 }),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 9 })).toBe(1)
    expect(sum('lead.captured', leadsOf('social'))).toBe(0)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
  })

  it('is decided by the sequence of the source where two happened at once', () => {
    const { sum } = told([
      touch(1, 'v1', 'second', { sequence: 2 }),
      touch(1, 'v1', 'first', { sequence: 1, known: 3 }),
      identified(4, 'v1', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
    ])
    expect(sum('lead.captured', leadsOf('first'))).toBe(1)
  })

  it('of a person is that of all visitors', () => {
    const { sum } = told([
      touch(3, 'phone', 'social'),
      identified(3, 'phone', 'p1'),
      captured(5, 'l1', { person: 'p1' }),
      touch(1, 'laptop', 'search'),
      identified(8, 'laptop', 'p1'),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 7 })).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
  })

  it('counts for every lead of the person', () => {
    const { sum } = told([
      captured(5, 'l1', { person: 'p1' }),
      captured(6, 'l2', { person: 'p1' }),
      captured(6, 'l3', { person: 'p2' }),
      touch(1, 'v1', 'search'),
      identified(8, 'v1', 'p1'),
    ])
    expect(sum('lead.captured', leadsOf('search'))).toBe(2)
    expect(sum('lead.captured', leadsOf('none'))).toBe(1)
  })

  it('reaches the deals of the lead', () => {
    const { sum } = told([
      captured(5, 'l1', { person: 'p1' }),
      on(6, 'deal.won', { deal: 'd1', lead: 'l1', amount: { minor: 100, currency: 'USD' } }),
      touch(1, 'v1', 'search'),
      identified(8, 'v1', 'p1'),
    ])
    expect(sum('deal.won.value', { ...leadsOf('search'), known: 7 })).toBe(0)
    expect(sum('deal.won.value', leadsOf('search'))).toBe(100)
    expect(sum('deal.won.value')).toBe(100)
  })
})

describe('a visitor identified as two persons, as on a shared device (row 30)', () => {
  const log = [
    touch(1, 'v1', 'search'),
    captured(2, 'l1', { person: 'p1' }),
    captured(2, 'l2', { person: 'p2' }),
    identified(5, 'v1', 'p2'),
    identified(4, 'v1', 'p1', { known: 9 }),
  ]

  it('is the one that was named first, though that became known last', () => {
    const { sum } = told(log)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l2', known: 8 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l2' })).toBe(0)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l1' })).toBe(1)
  })

  it('makes them no one person', () => {
    const { lead } = told([...log, touch(0, 'v2', 'fair'), identified(6, 'v2', 'p2')])
    expect(lead('l1')).toMatchObject({ person: 'p1', channel: 'search' })
    expect(lead('l2')).toMatchObject({ person: 'p2', channel: 'fair' })
  })
})

describe('a visitor that was unlinked from its person (row 30)', () => {
  const before = [
    touch(1, 'v1', 'search'),
    identified(2, 'v1', 'p1'),
    captured(3, 'l1', { person: 'p1' }),
    captured(3, 'l2', { person: 'p2' }),
    captured(3, 'l3', { visitor: 'v1' }),
    identified(4, 'v1', 'p2'),
    unlinked(6, 'v1', 'p1'),
  ]

  it('has its touches for itself again, from then on', () => {
    const { sum, lead } = told(before)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l1', known: 5 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l1' })).toBe(0)
    expect(lead('l3')).toMatchObject({ channel: 'search' })
    expect(lead('l3').person).toBeUndefined()
  })

  it('does not go to the person that came second', () => {
    expect(told(before).lead('l2').channel).toBeUndefined()
  })

  it('is linked again by an identification after it, not by an earlier one that comes late', () => {
    const late = told([...before, identified(5, 'v1', 'p2', { known: 8 })])
    expect(late.lead('l2').channel).toBeUndefined()
    const again = told([...before, identified(7, 'v1', 'p2')])
    expect(again.lead('l2').channel).toBe('search')
    expect(again.lead('l3')).toMatchObject({ person: 'p2', channel: 'search' })
  })

  it('stays with its person where the unlink is from another', () => {
    expect(told([...before.slice(0, -1), unlinked(6, 'v1', 'p2')]).lead('l1').channel).toBe('search')
  })
})

describe('an id absorbed into another (row 29)', () => {
  const before = [
    touch(1, 'v1', 'search'),
    identified(1, 'v1', 'old'),
    touch(3, 'v2', 'social'),
    identified(3, 'v2', 'p'),
    captured(5, 'l1', { person: 'old' }),
    captured(5, 'l2', { person: 'p' }),
    on(6, 'deal.won', { deal: 'd2', lead: 'l2' }),
    absorbed(8, 'old', 'p'),
  ]

  it('shares its touches and its leads with the person that stays, from then on', () => {
    const { sum, lead } = told(before)
    expect(sum('lead.captured', { ...leadsOf('social'), id: 'l2', known: 7 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('search'), id: 'l2' })).toBe(1)
    expect(sum('deal.won', leadsOf('search'))).toBe(1)
    expect(lead('l1').person).toBe('p')
  })

  it('is another name of that person in what comes later', () => {
    const { sum, lead } = told([
      ...before,
      touch(0, 'v1', 'fair', { known: 9 }),
      captured(10, 'l3', { person: 'old' }),
      captured(10, 'l4', { visitor: 'v1' }),
    ])
    expect(sum('lead.captured', leadsOf('fair'))).toBe(4)
    expect([lead('l3').person, lead('l4').person]).toEqual(['p', 'p'])
  })

  it('may have absorbed others, whose leads are then those of the root', () => {
    const { lead } = told([...before, captured(8, 'l0', { person: 'root' }), absorbed(9, 'p', 'root')])
    for (const id of ['l0', 'l1', 'l2']) expect(lead(id)).toMatchObject({ person: 'root', channel: 'search' })
  })

  it('stays where it is when a log says that another absorbs it too, or that another releases it', () => {
    const { lead } = told([...before, absorbed(9, 'old', 'q'), released(9, 'old', 'q')])
    expect(lead('l1').person).toBe('p')
  })

  it('stays so when a log absorbs the person that stays into it, or another into itself', () => {
    const { lead } = told([...before, absorbed(9, 'p', 'old'), absorbed(9, 'q', 'q')])
    expect([lead('l1').person, lead('l2').person]).toEqual(['p', 'p'])
  })
})

describe('an un-merge (rows 29, N9)', () => {
  const before = [
    touch(1, 'v1', 'search'),
    identified(1, 'v1', 'b'),
    touch(3, 'v2', 'social'),
    identified(3, 'v2', 'a'),
    captured(5, 'l1', { person: 'b' }),
    captured(5, 'l2', { person: 'a' }),
    absorbed(8, 'b', 'a'),
    touch(0, 'v1', 'fair', { known: 9 }),
    captured(10, 'l3', { person: 'b' }),
    released(12, 'b', 'a'),
  ]

  it('gives each what was recorded under its id, before and since', () => {
    const { lead } = told(before)
    expect(lead('l1')).toMatchObject({ person: 'b', channel: 'fair' })
    expect(lead('l2')).toMatchObject({ person: 'a', channel: 'social' })
    expect(lead('l3')).toMatchObject({ person: 'b', channel: 'fair' })
  })

  it('leaves the time between as it was known then', () => {
    const { sum } = told(before)
    expect(sum('lead.captured', { ...leadsOf('fair'), id: 'l2', known: 11 })).toBe(1)
    expect(sum('lead.captured', { ...leadsOf('social'), id: 'l2', known: 12 })).toBe(1)
  })

  it('leaves an id with the one that is let go, if that one had absorbed it', () => {
    const { lead } = told([
      ...before.slice(0, -1),
      captured(9, 'l0', { person: 'c' }),
      absorbed(9, 'c', 'b'),
      released(12, 'b', 'a'),
    ])
    expect(lead('l0')).toMatchObject({ person: 'b', channel: 'fair' })
    expect(lead('l2')).toMatchObject({ person: 'a', channel: 'social' })
  })

  it('that becomes known after the merge the other way round does not lose that one', () => {
    const { sum, lead } = told([...before.slice(0, -1), absorbed(11, 'a', 'b'), released(12, 'b', 'a')])
    expect(sum('lead.captured', { ...leadsOf('fair'), id: 'l2', known: 11 })).toBe(1)
    expect([lead('l1').person, lead('l2').person]).toEqual(['b', 'b'])
  })
})

describe('a person matched to a company (row 12)', () => {
  it('keeps the latest match, also while it is absorbed', () => {
    const matched = (at: number, account: string) => on(at, 'person.account-matched', { person: 'p1', account })
    const { state } = told([matched(1, 'acme'), absorbed(2, 'p1', 'p2'), matched(3, 'umbrella')])
    expect(JSON.parse(state('person', 'p1')!)).toMatchObject({ account: 'umbrella', into: 'p2' })
  })
})

describe('a lead that names a visitor and no person', () => {
  it('has the first touch of the visitor', () => {
    const { sum, lead } = told([captured(5, 'l1', { visitor: 'v1' }), touch(1, 'v1', 'search', { known: 6 })])
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(lead('l1').person).toBeUndefined()
  })

  it('becomes the lead of the person that the visitor turns out to be', () => {
    const { sum, lead } = told([
      touch(3, 'v1', 'social'),
      captured(5, 'l1', { visitor: 'v1' }),
      identified(6, 'v1', 'p1'),
      touch(1, 'v2', 'search'),
      identified(8, 'v2', 'p1'),
    ])
    expect(sum('lead.captured', { ...leadsOf('social'), known: 7 })).toBe(1)
    expect(sum('lead.captured', leadsOf('search'))).toBe(1)
    expect(lead('l1')).toMatchObject({ person: 'p1', channel: 'search' })
  })

  it('goes with the visitor when an earlier identification turns up', () => {
    const { lead } = told([
      captured(5, 'l1', { visitor: 'v1' }),
      identified(6, 'v1', 'p1'),
      touch(1, 'v2', 'search'),
      identified(1, 'v2', 'p2'),
      identified(4, 'v1', 'p2', { known: 10 }),
    ])
    expect(lead('l1')).toMatchObject({ person: 'p2', channel: 'search' })
  })
})

describe('a lead that names persons one after another', () => {
  it('is the lead of the latest', () => {
    const { lead } = told([
      touch(1, 'v1', 'search'),
      identified(1, 'v1', 'p1'),
      touch(2, 'v2', 'social'),
      identified(2, 'v2', 'p2'),
      captured(5, 'l1', { person: 'p1' }),
      on(6, 'lead.stage-entered', { lead: 'l1', stage: 'mql', person: 'p2' }),
    ])
    expect(lead('l1')).toMatchObject({ person: 'p2', channel: 'social' })
  })
})

describe('row 4: one person, two attempts', () => {
  const first = captured(1, 'l1', { person: 'p1' })
  const second = captured(5, 'l2', { person: 'p1' })
  /** The sum of a KPI. */
  const counts = (id: string, { sum }: ReturnType<typeof told>, asked?: Parameters<typeof sum>[1]) => {
    const { formula, grain } = loadDefinitions().kpis.find((kpi) => kpi.id === id)!
    return { [grain]: sum((formula as { sum: Sum }).sum.measure as Measure, asked) }
  }

  it('are 1 person and 2 leads, in the period of the first of them', () => {
    const two = told([first, second])
    expect([counts('people', two), counts('leads', two)]).toEqual([{ person: 1 }, { lead: 2 }])
    expect([counts('people', two, { period: [1, 2] }), counts('people', two, { period: [5, 6] })]).toEqual([
      { person: 1 },
      { person: 0 },
    ])
  })

  it('are counted by the attempt that happened first, though it became known last, with the channel and owner of it', () => {
    const { sum } = told([
      touch(0, 'v1', 'search'),
      identified(0, 'v1', 'p1'),
      on(5, 'lead.captured', { lead: 'l2', person: 'p1', owner: 'bob' }),
      on(1, 'lead.captured', { lead: 'l1', person: 'p1', owner: 'ann' }, { known: 9 }),
    ])
    const by = (owner: string, known: number) => sum('person.captured', { dims: { owner, channel: 'search' }, known })
    expect([by('bob', 8), by('ann', 8), by('bob', 9), by('ann', 9)]).toEqual([1, 0, 0, 1])
  })

  it('of which one is found by its visitor are one person from when the visitor is known', () => {
    const { sum } = told([
      first,
      captured(2, 'l2', { visitor: 'v1' }),
      captured(3, 'l3', { visitor: 'v2' }),
      identified(6, 'v1', 'p1'),
      identified(7, 'v2', 'p2'),
    ])
    const known = (at: number) => sum('person.captured', { known: at })
    expect([known(5), known(6), known(7)]).toEqual([1, 1, 2])
  })

  it('without a person count for nobody', () => {
    const { sum } = told([captured(1, 'l1', {}), captured(2, 'l2', { visitor: 'v1' })])
    expect([sum('lead.captured'), sum('person.captured')]).toEqual([2, 0])
  })

  it('under two ids are one person while the merge stands, dated by the first of all, and two again after it', () => {
    const { sum } = told([
      first,
      captured(5, 'l2', { person: 'p2' }),
      absorbed(6, 'p1', 'p2'),
      captured(7, 'l3', { person: 'p1' }),
      released(8, 'p1', 'p2'),
    ])
    const of = (id: string, known: number) =>
      [1, 5].map((day) => sum('person.captured', { id, known, period: [day, day + 1] }))
    expect([of('p1', 5), of('p2', 5)]).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect([of('p1', 7), of('p2', 7)]).toEqual([
      [0, 0],
      [1, 0],
    ])
    expect([of('p1', 8), of('p2', 8)]).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(sum('person.captured')).toBe(2)
  })

  it('of which one turns out to be of somebody else are of two', () => {
    const { sum } = told([first, second, on(6, 'lead.stage-entered', { lead: 'l1', stage: 'mql', person: 'p2' })])
    const at = (id: string, known: number) => sum('person.captured', { id, known })
    expect([at('p1', 5), at('p2', 5), at('p1', 6), at('p2', 6)]).toEqual([1, 0, 1, 1])
    expect(sum('person.captured', { id: 'p1', period: [5, 6] })).toBe(1)
  })
})
