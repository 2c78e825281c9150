import { describe, expect, it } from '@jest/globals'
import { loadDefinitions, type Measure, type Stage, type Sum } from '@funnel/definitions'
import { everyDimension } from '../testing/definitions.js'
import { day, on, told } from '../testing/told.js'

const captured = (at: number, data: object = {}) => on(at, 'lead.captured', { lead: 'l1', ...data })
const entered = (at: number, stage: string, data: object = {}, options?: { known: number }) =>
  on(at, 'lead.stage-entered', { lead: 'l1', stage, ...data }, options)
const conversion = (stage: string) => ({ stage })

describe('row 3: a lead that goes MQL → SAL → MQL → SAL → SQL', () => {
  const { sum, lead } = told([
    captured(0),
    entered(1, 'mql'),
    entered(2, 'sal'),
    entered(3, 'mql'),
    entered(4, 'sal'),
    entered(5, 'sql'),
  ])

  it('entered MQL twice and is one MQL', () => {
    expect(sum('stage.entered', { stage: 'mql' })).toBe(2)
    expect(sum('stage.first', { stage: 'mql' })).toBe(1)
    expect(sum('stage.first', { stage: 'mql', period: [1, 2] })).toBe(1)
  })

  it('is counted by the KPIs of first, last and every entry in periods of their own', () => {
    const inPeriods = (id: string, stage?: string) => {
      const { formula } = loadDefinitions().kpis.find((kpi) => kpi.id === id)!
      const { measure, where } = (formula as { sum: Sum }).sum
      return [1, 2, 3, 4, 5].map((from) =>
        sum(measure as Measure, { stage: where?.stage ?? stage!, period: [from, from + 1] }),
      )
    }
    expect(inPeriods('mqls')).toEqual([1, 0, 0, 0, 0])
    expect(inPeriods('mqls-last')).toEqual([0, 0, 1, 0, 0])
    expect(inPeriods('stage-entries', 'mql')).toEqual([1, 0, 1, 0, 0])
    expect(inPeriods('stage-entries', 'sal')).toEqual([0, 1, 0, 1, 0])
    expect(inPeriods('sqls')).toEqual([0, 0, 0, 0, 1])
  })

  it('leaves the period of its last entry when its return becomes known, and not before', () => {
    const mql = (known: number) => ({
      before: sum('stage.last', { stage: 'mql', period: [1, 2], known }),
      now: sum('stage.last', { stage: 'mql', period: [3, 4], known }),
    })
    expect(mql(2)).toEqual({ before: 1, now: 0 })
    expect(mql(3)).toEqual({ before: 0, now: 1 })
  })

  it('was recycled once, which is kept and flagged', () => {
    expect(sum('lead.recycled')).toBe(1)
    expect(sum('lead.recycled', { stage: 'mql', period: [3, 4] })).toBe(1)
    expect(lead('l1').flags).toEqual(['recycled'])
  })

  it('converted once, counted from the first MQL', () => {
    expect(sum('converted', conversion('mql>sql'))).toBe(1)
  })

  it('is counted at every re-entry, however many', () => {
    const back = Array.from({ length: 60 }, (_, i) => entered(6 + i, i % 2 ? 'sal' : 'mql'))
    const often = told([captured(0), entered(1, 'mql'), entered(2, 'sal'), ...back])
    expect(often.sum('stage.entered', { stage: 'mql' })).toBe(31)
    expect(often.sum('stage.first', { stage: 'mql' })).toBe(1)
    expect(often.sum('stage.last', { stage: 'mql', period: [64, 65] })).toBe(1)
    expect(often.sum('stage.last', { stage: 'mql' })).toBe(1)
  })

  it('stood in each stage while it was there', () => {
    const stood = (asOf: number) =>
      ['mql', 'sal', 'sql'].filter((stage) => sum('lead.in-stage', { stage, asOf }) === 1).join()
    expect([0, 1, 2, 3, 4, 5].map(stood)).toEqual(['', 'mql', 'sal', 'mql', 'sal', 'sql'])
  })
})

describe('stages', () => {
  it('whose last entry is told late, or is undone, are dated by the one that is last now', () => {
    const late = told([entered(3, 'mql'), entered(2, 'sal', {}, { known: 5 }), entered(1, 'mql', {}, { known: 6 })])
    const last = (known: number) =>
      [1, 3].map((at) => late.sum('stage.last', { stage: 'mql', period: [at, at + 1], known }))
    expect([last(4), last(5), last(6)]).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
    const undone = told([
      entered(1, 'sql'),
      entered(2, 'mql'),
      on(3, 'lead.converted', { lead: 'l1', stage: 'sql' }),
      on(4, 'lead.conversion-reversed', { lead: 'l1' }),
    ])
    const sqls = (known: number) =>
      [1, 3].map((at) => undone.sum('stage.last', { stage: 'sql', period: [at, at + 1], known }))
    expect([sqls(3), sqls(4)]).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  it('reported again while the lead is in them are no entry', () => {
    const { sum } = told([entered(1, 'mql'), entered(2, 'mql')])
    expect(sum('stage.entered')).toBe(1)
    expect(sum('lead.in-stage')).toBe(1)
  })

  it('that were skipped are not imputed', () => {
    const { sum } = told([captured(0), entered(1, 'sql')])
    expect(sum('stage.entered')).toBe(1)
    expect(sum('stage.first', { stage: 'mql' })).toBe(0)
    expect(sum('converted')).toBe(0)
  })

  it('are ordered by when they were entered, not by when that became known', () => {
    const { sum, lead } = told([entered(2, 'sql'), entered(1, 'mql', {}, { known: 5 })])
    expect(sum('lead.recycled')).toBe(0)
    expect(lead('l1')).toMatchObject({ stage: 'sql', flags: ['never-captured'] })
    expect(sum('lead.in-stage', { stage: 'mql', asOf: 1, known: 4 })).toBe(0)
    expect(sum('lead.in-stage', { stage: 'mql', asOf: 1 })).toBe(1)
    expect(sum('lead.in-stage', { stage: 'mql', asOf: 2 })).toBe(0)
  })

  it('that the funnel does not have are counted and flagged, and are no step back', () => {
    const { sum, lead } = told([captured(0), entered(1, 'sql'), entered(2, 'limbo'), entered(3, 'sal')])
    expect(sum('stage.entered', { stage: 'limbo' })).toBe(1)
    expect(sum('lead.recycled')).toBe(0)
    expect(lead('l1').flags).toEqual(['unknown-stage'])
  })
})

describe('a lead that is sent back', () => {
  const recycled = (at: number, stage: string) => on(at, 'lead.recycled', { lead: 'l1', stage, reason: 'not-now' })
  const { funnel } = everyDimension
  const nurture: Stage = { id: 'nurture', name: 'Nurture', type: 'recycled', owner: 'marketing' }
  const nurtureLast = on(0, 'definition.applied', {
    definition: 'funnel/funnel',
    version: 2,
    content: { ...funnel, stages: [...funnel.stages, nurture] },
    effective: new Date(day(0)).toISOString(),
  })

  it('is recycled though the stage that it is sent to stands after the others, and again when it comes from there', () => {
    const { sum, lead } = told([
      nurtureLast,
      captured(1),
      entered(2, 'mql'),
      recycled(3, 'nurture'),
      recycled(4, 'mql'),
    ])
    expect(sum('lead.recycled', { stage: 'nurture', period: [3, 4] })).toBe(1)
    expect(sum('lead.recycled', { stage: 'mql', period: [4, 5] })).toBe(1)
    expect(sum('lead.recycled')).toBe(2)
    expect(lead('l1').flags).toEqual(['recycled'])
  })

  it('is recycled though it was in no stage yet', () => {
    const { sum, lead } = told([nurtureLast, captured(1), recycled(2, 'nurture')])
    expect(sum('lead.recycled', { stage: 'nurture' })).toBe(1)
    expect(lead('l1').flags).toEqual(['recycled'])
  })

  it('is recycled to a stage that the funnel does not have', () => {
    const { sum, lead } = told([captured(0), entered(1, 'sql'), recycled(2, 'limbo')])
    expect(sum('lead.recycled', { stage: 'limbo' })).toBe(1)
    expect(lead('l1').flags).toEqual(['recycled', 'unknown-stage'])
  })

  it('is not recycled where it was in that stage already, also when that is known later', () => {
    const { sum } = told([captured(0), recycled(2, 'mql'), entered(1, 'mql', {}, { known: 5 })])
    expect(sum('lead.recycled', { known: 4 })).toBe(1)
    expect(sum('lead.recycled')).toBe(0)
  })

  it('counts as before where it is only reported in a stage of type recycled that stands after the others', () => {
    const { sum } = told([nurtureLast, captured(1), entered(2, 'sql'), entered(3, 'nurture')])
    expect(sum('lead.recycled')).toBe(0)
  })
})

describe('a time that lies in the future', () => {
  it('counts as of when it was recorded, which is kept and flagged', () => {
    const { sum, lead } = told([captured(1), entered(9, 'mql', {}, { known: 3 })])
    expect(sum('stage.entered', { period: [3, 4] })).toBe(1)
    expect(lead('l1')).toMatchObject({ flags: ['future-time'], stageAt: day(3) + 1000 })
  })

  it('is none when it is ahead by a clock that goes a little fast', () => {
    const soon = captured(1)
    expect(told([{ ...soon, at: soon.recorded + 300_000 }]).lead('l1').flags).toEqual([])
    expect(told([{ ...soon, at: soon.recorded + 300_001 }]).lead('l1').flags).toEqual(['future-time'])
  })
})

describe('a lead captured twice', () => {
  const { sum, lead } = told([
    captured(3, { owner: 'ann' }),
    on(1, 'lead.captured', { lead: 'l1', properties: { origin: 'fair' } }, { known: 8 }),
  ])

  it('is one lead, of the earlier day', () => {
    expect(sum('lead.captured')).toBe(1)
    expect(sum('lead.captured', { period: [1, 2] })).toBe(1)
    expect(sum('lead.captured', { period: [3, 4], known: 7 })).toBe(1)
    expect(sum('lead.captured', { period: [3, 4] })).toBe(0)
  })

  it('is described by both', () => {
    expect(lead('l1')).toMatchObject({ owner: 'ann', properties: { origin: 'fair' } })
  })
})

describe('a conversion', () => {
  it('carries its cohort and the seconds begun, so that any window can be asked', () => {
    const { entries } = told([entered(1, 'mql'), entered(31, 'sql')])
    const [line] = entries.filter(({ measure }) => measure === 'converted')
    expect(line).toMatchObject({ stage: 'mql>sql', elapsed: 30 * 86_400, amount: 1 })
    expect(line!.occurred - line!.cohort!).toBe(30 * 86_400_000)
  })

  it('a millisecond past the window is past the window', () => {
    const late = entered(31, 'sql')
    const { entries } = told([entered(1, 'mql'), { ...late, at: late.at + 1, recorded: late.recorded + 1 }])
    expect(entries.find(({ measure }) => measure === 'converted')?.elapsed).toBe(30 * 86_400 + 1)
  })

  it('ends with the first entry after its start, though there was one before: SQL, MQL, SQL', () => {
    const { sum, entries, lead } = told([captured(0), entered(2, 'sql'), entered(3, 'mql'), entered(5, 'sql')])
    expect(sum('converted', { ...conversion('mql>sql'), period: [5, 6] })).toBe(1)
    expect(sum('converted', conversion('mql>sql'))).toBe(1)
    expect(entries.findLast(({ stage, amount }) => stage === 'mql>sql' && amount > 0)?.elapsed).toBe(2 * 86_400)
    expect(lead('l1').flags).toEqual(['recycled'])
  })

  it('whose end came with its start and never after is kept, with no time taken', () => {
    const { entries, lead } = told([captured(2), entered(2, 'mql')])
    expect(entries.find(({ stage }) => stage === 'captured>mql')?.elapsed).toBe(0)
    expect(lead('l1').flags).toEqual([])
  })

  it('whose end came first is kept, negative and flagged', () => {
    const { sum, entries, lead } = told([captured(0), entered(2, 'sql'), entered(3, 'mql')])
    expect(sum('converted', conversion('mql>sql'))).toBe(1)
    expect(entries.find(({ stage }) => stage === 'mql>sql')?.elapsed).toBe(-86_400)
    expect(lead('l1').flags).toContain('negative-cycle')
  })

  it('less than a second the wrong way round is flagged though it counts no second', () => {
    const first = entered(2, 'sql')
    const { entries, lead } = told([captured(0), first, { ...entered(2, 'mql'), at: first.at + 300 }])
    expect(entries.find(({ stage }) => stage === 'mql>sql')?.elapsed).toBe(0)
    expect(lead('l1').flags).toContain('negative-cycle')
  })

  it('has the dimension values of its cohort, so that numerator and denominator agree', () => {
    const { sum } = told([entered(1, 'mql', { owner: 'ann' }), entered(9, 'sql', { owner: 'bob' })])
    expect(sum('stage.first', { stage: 'mql', dims: { owner: 'ann' } })).toBe(1)
    expect(sum('converted', { stage: 'mql>sql', dims: { owner: 'ann' } })).toBe(1)
    expect(sum('converted', { stage: 'mql>sql', dims: { owner: 'bob' } })).toBe(0)
  })
})

describe('row 13: a lead that was converted, and not after all', () => {
  const story = [
    captured(0, { owner: 'ann', properties: { segment: 'small' } }),
    entered(1, 'mql'),
    entered(3, 'sql'),
    on(4, 'deal.opened', { deal: 'd1', lead: 'l1', amount: { minor: 100, currency: 'USD' } }),
  ]
  const converted = on(5, 'lead.converted', { lead: 'l1', stage: 'opportunity', deal: 'd1' }, { sequence: 4 })
  const reversed = on(6, 'lead.conversion-reversed', { lead: 'l1', reason: 'by-mistake' }, { sequence: 5 })
  /** Every measure with its stage, as it adds up. */
  const sums = ({ entries }: ReturnType<typeof told>) => {
    const sum = new Map<string, number>()
    for (const { measure, stage, currency, occurred, amount } of entries) {
      const name = [measure, stage, currency, occurred].join(' ')
      sum.set(name, (sum.get(name) ?? 0) + amount)
    }
    return new Map([...sum].filter(([, amount]) => amount !== 0))
  }

  it('has every number that it had before', () => {
    expect(sums(told([...story, converted, reversed]))).toEqual(sums(told(story)))
    expect(sums(told([...story, converted]))).not.toEqual(sums(told(story)))
  })

  it('is the lead that it was, with its deal', () => {
    const { stage, stageAt, owner, properties } = told([...story, converted, reversed]).lead('l1')
    expect({ stage, stageAt, owner, properties }).toEqual({
      stage: 'sql',
      stageAt: day(3),
      owner: 'ann',
      properties: { segment: 'small' },
    })
    expect(told([...story, converted, reversed]).deal('d1')).toMatchObject({ lead: 'l1', outcome: 'open' })
  })
})

describe('row 6: leads that are given up for reasons', () => {
  const gone = (lead: string, owner: string, channel: string, reason?: string) => [
    on(0, 'touchpoint.recorded', { visitor: lead, kind: 'page', channel }),
    on(1, 'lead.captured', { lead, visitor: lead, owner }),
    on(2, 'handoff.rejected', { lead, handoff: 'h', reason: 'bad-data' }),
    on(3, 'lead.assigned', { lead, owner }),
    ...(reason === undefined ? [] : [on(4, 'lead.disqualified', { lead, stage: 'disqualified', reason })]),
  ]
  const { sum, entries } = told([
    ...gone('l1', 'ann', 'email', 'no-need'),
    ...gone('l2', 'ann', 'direct', 'no-need'),
    ...gone('l3', 'bob', 'email', 'student'),
    ...gone('l4', 'bob', 'email'),
    on(4, 'lead.stage-entered', { lead: 'l4', stage: 'disqualified', reason: 'student' }),
    on(5, 'deal.opened', { deal: 'd', lead: 'l1', owner: 'ann' }),
    on(6, 'deal.lost', { deal: 'd', reason: 'price' }),
    on(7, 'deal.assigned', { deal: 'd', owner: 'bob' }),
  ])

  it('add up over reasons, sources and owners to all that were', () => {
    const lost = entries.filter(({ measure }) => measure === 'lead.disqualified')
    const cells = new Map<string, number>()
    for (const { dims, amount } of lost) {
      const cell = [dims['reason'], dims['channel'], dims['owner']].join(' ')
      cells.set(cell, (cells.get(cell) ?? 0) + amount)
    }
    expect(cells).toEqual(
      new Map([
        ['no-need email ann', 1],
        ['no-need direct ann', 1],
        ['student email bob', 1],
      ]),
    )
    expect(sum('lead.disqualified')).toBe(3)
  })

  it('are among the entries to that stage with those that another system reports there, each with its reason', () => {
    const entered = (reason: string) => sum('stage.entered', { stage: 'disqualified', dims: { reason } })
    expect([entered('no-need'), entered('student'), entered('none')]).toEqual([2, 2, 0])
    expect(sum('lead.disqualified', { dims: { reason: 'student' } })).toBe(1)
  })

  it('have each reason at the event that gives it, and at no other', () => {
    expect(sum('handoff.rejected', { dims: { reason: 'bad-data' } })).toBe(4)
    expect(sum('lead.disqualified', { dims: { reason: 'bad-data' } })).toBe(0)
    expect(sum('deal.lost', { dims: { reason: 'price' } })).toBe(1)
    expect(sum('deal.opened', { dims: { reason: 'none' } })).toBe(1)
  })
})

describe('row 14: a lead that gets another owner after it was accepted', () => {
  const { sum, lead } = told([
    captured(0),
    on(1, 'handoff.offered', { lead: 'l1', handoff: 'h', assignee: 'ann', deadline: '2026-02-01T00:00:00.000Z' }),
    on(2, 'handoff.accepted', { lead: 'l1', handoff: 'h', owner: 'ann', stage: 'sal' }),
    on(5, 'lead.assigned', { lead: 'l1', owner: 'bob' }),
  ])

  it('stays the acceptance of who accepted it', () => {
    expect(sum('handoff.accepted', { dims: { owner: 'ann' } })).toBe(1)
    expect(sum('stage.entered', { stage: 'sal', dims: { owner: 'ann' } })).toBe(1)
    expect(sum('handoff.accepted', { dims: { owner: 'bob' } })).toBe(0)
  })

  it('is in the stage with the new owner from then on', () => {
    const stood = (owner: string, asOf: number) => sum('lead.in-stage', { stage: 'sal', dims: { owner }, asOf })
    expect([stood('ann', 4), stood('bob', 4)]).toEqual([1, 0])
    expect([stood('ann', 5), stood('bob', 5)]).toEqual([0, 1])
    expect(lead('l1').owner).toBe('bob')
  })
})

describe('lead to won', () => {
  const won = (at: number, deal: string) => on(at, 'deal.won', { deal, lead: 'l1' })
  const toWon = { stage: 'captured>won' }

  it('counts the first deal that stands won', () => {
    const { sum, entries } = told([captured(0), won(20, 'd2'), won(10, 'd1')])
    expect(sum('converted', toWon)).toBe(1)
    expect(sum('converted', { ...toWon, period: [10, 11] })).toBe(1)
    expect(entries.find(({ stage, amount }) => stage === 'captured>won' && amount > 0)?.elapsed).toBe(10 * 86_400)
  })

  it('counts the first deal that was won after its start, else the first', () => {
    const { sum } = told([won(1, 'd1'), captured(5), won(10, 'd2'), on(20, 'deal.reopened', { deal: 'd2' })])
    expect(sum('converted', { ...toWon, period: [10, 11], known: 19 })).toBe(1)
    expect(sum('converted', { ...toWon, known: 19 })).toBe(1)
    expect(sum('converted', { ...toWon, period: [1, 2] })).toBe(1)
    expect(sum('converted', toWon)).toBe(1)
  })

  it('goes to the next deal when the first is reopened, and to none when no other stands', () => {
    const { sum } = told([
      captured(0),
      won(10, 'd1'),
      won(20, 'd2'),
      on(30, 'deal.reopened', { deal: 'd1' }),
      on(40, 'deal.reopened', { deal: 'd2' }),
    ])
    expect(sum('converted', { ...toWon, period: [10, 11], known: 29 })).toBe(1)
    expect(sum('converted', { ...toWon, period: [10, 11], known: 30 })).toBe(0)
    expect(sum('converted', { ...toWon, period: [20, 21], known: 30 })).toBe(1)
    expect(sum('converted', toWon)).toBe(0)
  })

  it('counts a deal that was won before the lead is known', () => {
    const { sum } = told([won(10, 'd1'), on(2, 'lead.captured', { lead: 'l1' }, { known: 15 })])
    expect(sum('converted', { ...toWon, known: 14 })).toBe(0)
    expect(sum('converted', toWon)).toBe(1)
  })

  it('leaves the lead that the deal does not belong to any more', () => {
    const { sum } = told([captured(0), won(10, 'd1'), on(12, 'deal.won', { deal: 'd1', lead: 'l2' })])
    expect(sum('converted', { ...toWon, known: 11 })).toBe(1)
    expect(sum('converted', toWon)).toBe(0)
  })
})

describe('dimensions of a lead', () => {
  it('at the event stay when the owner changes', () => {
    const { sum, entries } = told([captured(1, { owner: 'ann' }), entered(5, 'mql', { owner: 'bob' })])
    expect(sum('lead.captured', { dims: { owner: 'ann' } })).toBe(1)
    expect(sum('stage.entered', { dims: { owner: 'bob' } })).toBe(1)
    expect(entries.filter(({ measure, amount }) => measure === 'lead.captured' && amount < 0)).toHaveLength(1) // manager: latest
  })

  it('as known now follow the latest value', () => {
    const { sum } = told([
      captured(1, { properties: { segment: 'small' } }),
      entered(5, 'mql', { properties: { segment: 'big' } }),
    ])
    expect(sum('lead.captured', { dims: { segment: 'small' }, known: 4 })).toBe(1)
    expect(sum('lead.captured', { dims: { segment: 'small' } })).toBe(0)
    expect(sum('lead.captured', { dims: { segment: 'big' } })).toBe(1)
  })

  it('tell an empty value, the word unknown and no value apart', () => {
    const lead = (id: string, origin?: string | null) =>
      on(1, 'lead.captured', { lead: id, ...(origin === undefined ? {} : { properties: { origin } }) })
    const { entries } = told([lead('l1', ''), lead('l2', 'unknown'), lead('l3'), lead('l4', null)])
    const origins = Object.fromEntries(entries.map(({ subject, dims }) => [subject.id, dims['origin']]))
    expect(origins).toEqual({ l1: '', l2: 'unknown', l3: undefined, l4: undefined })
  })

  it('move the stock when they change within a stage', () => {
    const { sum } = told([entered(1, 'mql', { owner: 'ann' }), entered(5, 'mql', { owner: 'bob' })])
    const stood = (owner: string, asOf: number) => sum('lead.in-stage', { dims: { owner }, asOf })
    expect([stood('ann', 4), stood('bob', 4)]).toEqual([1, 0])
    expect([stood('ann', 5), stood('bob', 5)]).toEqual([0, 1])
  })
})

describe('a handoff (row 10)', () => {
  const { sum } = told([
    on(1, 'lead.captured', { lead: 'l1', owner: 'mara' }),
    on(2, 'handoff.offered', { lead: 'l1', handoff: 'a', assignee: 'sam' }),
    on(3, 'handoff.rejected', { lead: 'l1', handoff: 'a' }),
    on(4, 'handoff.offered', { lead: 'l1', handoff: 'b', assignee: 'sue' }),
    on(5, 'lead.assigned', { lead: 'l1', owner: 'max' }),
    on(6, 'handoff.expired', { lead: 'l1', handoff: 'b' }),
    on(7, 'handoff.offered', { lead: 'l1', handoff: 'c', queue: 'all' }),
    on(8, 'handoff.accepted', { lead: 'l1', handoff: 'c', owner: 'sue' }),
    on(9, 'handoff.offered', { lead: 'l1', handoff: 'd', queue: 'all' }),
    on(10, 'handoff.withdrawn', { lead: 'l1', handoff: 'd' }),
  ])
  const by = (owner: string) => ({ dims: { owner } })

  it('counts for the person it was offered to, not for the owner of the lead', () => {
    expect(sum('handoff.offered', by('sam'))).toBe(1)
    expect(sum('handoff.rejected', by('sam'))).toBe(1)
    expect(sum('handoff.expired', by('sue'))).toBe(1)
    for (const owner of ['mara', 'max'])
      for (const measure of ['handoff.offered', 'handoff.rejected', 'handoff.expired', 'handoff.withdrawn'] as const)
        expect(sum(measure, by(owner))).toBe(0)
  })

  it('of a queue counts for who accepted it, and for nobody before', () => {
    expect(sum('handoff.accepted', by('sue'))).toBe(1)
    expect(sum('handoff.offered', by('none'))).toBe(2)
    expect(sum('handoff.withdrawn', by('none'))).toBe(1)
  })

  it('leaves the lead’s own numbers with its owner, and dimensions that look at the latest owner as they are', () => {
    expect(sum('lead.captured', by('mara'))).toBe(1)
    expect(sum('handoff.rejected', { dims: { manager: 'sue' } })).toBe(1)
  })
})
