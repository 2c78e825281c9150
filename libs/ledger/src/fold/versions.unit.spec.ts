import { describe, expect, it } from '@jest/globals'
import type { Dimension, Funnel } from '@funnel/definitions'
import { everyDimension, team } from './testing/definitions.js'
import { day, on, told } from './testing/told.js'

const applied = (known: number, definition: string, version: number, content: object, from = known) =>
  on(known, 'definition.applied', { definition, version, content, effective: new Date(day(from)).toISOString() })

const { funnel } = everyDimension
const changed = (known: number, change: Partial<Funnel>, { version = 2, from = known } = {}) =>
  applied(known, 'funnel/funnel', version, { ...funnel, ...change }, from)
const dimension = (known: number, id: string, sources: Dimension['sources'], version = 2) =>
  applied(known, `dimension/${id}`, version, { ...everyDimension.dimensions[0]!, id, sources })

const captured = (at: number, lead = 'l1', data: object = {}) => on(at, 'lead.captured', { lead, ...data })
const entered = (at: number, stage: string, lead = 'l1', options?: { known: number }) =>
  on(at, 'lead.stage-entered', { lead, stage }, options)

describe('A funnel that is changed on day 10 (row 8)', () => {
  const turned = changed(10, { stages: funnel.stages.toReversed() })

  it('counts what happened before as it was, and what happens after as it is', () => {
    const { sum } = told([
      captured(0),
      entered(1, 'sql'),
      entered(2, 'mql'),
      turned,
      entered(12, 'sql'),
      entered(13, 'mql'),
    ])
    expect(sum('lead.recycled', { period: [0, 10] })).toBe(1)
    expect(sum('lead.recycled', { stage: 'mql', period: [2, 3] })).toBe(1)
    expect(sum('lead.recycled', { stage: 'sql', period: [12, 13] })).toBe(1)
    expect(sum('lead.recycled')).toBe(2)
  })

  it('counts what happened before and became known later as it was', () => {
    const { sum } = told([
      captured(0),
      turned,
      entered(1, 'sql', 'l1', { known: 20 }),
      entered(2, 'mql', 'l1', { known: 21 }),
    ])
    expect(sum('lead.recycled')).toBe(1)
  })

  it('counts from its day on where that was still to come when it was applied', () => {
    const { sum } = told([
      captured(0),
      changed(5, { stages: funnel.stages.toReversed() }, { from: 10 }),
      entered(6, 'sql'),
      entered(7, 'mql'),
      entered(12, 'sql'),
    ])
    expect(sum('lead.recycled', { period: [7, 8] })).toBe(1)
    expect(sum('lead.recycled', { period: [12, 13] })).toBe(1)
  })

  it('counts from the beginning where it was applied before anything else was recorded', () => {
    const { sum } = told([
      changed(10, { stages: funnel.stages.toReversed() }, { version: 1 }),
      entered(1, 'sql', 'l1', { known: 20 }),
      entered(2, 'mql', 'l1', { known: 21 }),
    ])
    expect(sum('lead.recycled')).toBe(0)
  })

  it('counts what a producer’s clock puts a little later than it was recorded as of when that was', () => {
    // recorded on day 9, a minute before the change is in force, and dated a minute after it
    const minute = 60_000
    const events = [
      captured(0),
      changed(8, { stages: funnel.stages.toReversed() }, { from: 10 }),
      { ...entered(9, 'sql'), at: day(9) },
      { ...entered(10, 'mql'), at: day(10) + minute, recorded: day(10) - minute },
    ]
    expect(told(events).sum('lead.recycled')).toBe(1)
  })

  it('counts the conversions of leads that set out before by the pairs of then, and all of them', () => {
    const { sum } = told([
      captured(0, 'early'),
      captured(1, 'late'),
      entered(5, 'mql', 'early'),
      changed(10, {
        conversions: [
          { from: 'captured', to: 'sql' },
          { from: 'mql', to: 'sal' },
        ],
      }),
      entered(12, 'mql', 'late'),
      captured(13, 'new'),
      entered(14, 'sal', 'early'),
      entered(14, 'sal', 'late'),
      entered(15, 'sql', 'early'),
      entered(15, 'mql', 'new'),
      entered(16, 'sql', 'new'),
    ])
    // of those who set out before both are counted, though one of them came there after the change; of the new one none
    expect(sum('converted', { stage: 'captured>mql' })).toBe(2)
    expect(sum('converted', { stage: 'captured>sql', id: 'new' })).toBe(1)
    expect(sum('converted', { stage: 'captured>sql' })).toBe(1)
    // early became an MQL before the pair was declared
    expect(sum('converted', { stage: 'mql>sal', id: 'late' })).toBe(1)
    expect(sum('converted', { stage: 'mql>sal' })).toBe(1)
    expect(sum('converted', { stage: 'mql>sql', id: 'early' })).toBe(1)
    expect(sum('converted', { stage: 'mql>sql' })).toBe(1)
  })
})

describe('A stage that the funnel of then does not have', () => {
  const withTrial = changed(10, { stages: [{ ...funnel.stages[0]!, id: 'trial' }, ...funnel.stages] })

  it('and that a later one has is entered, is no step back, and is told of the lead', () => {
    const { sum, lead } = told([entered(1, 'mql'), entered(2, 'trial'), withTrial])
    expect(sum('stage.entered', { stage: 'trial' })).toBe(1)
    expect(sum('lead.in-stage', { stage: 'trial' })).toBe(1)
    expect(sum('lead.recycled')).toBe(0)
    expect(lead('l1').flags).toContain('unknown-stage')
  })

  it('is one like any other from when it is in force', () => {
    const { sum, lead } = told([entered(1, 'mql'), withTrial, entered(12, 'trial')])
    expect(sum('lead.recycled', { stage: 'trial' })).toBe(1)
    expect(lead('l1').flags).not.toContain('unknown-stage')
  })

  it('because a later one gave it up stays where the lead is, and what follows is no step back', () => {
    const { sum, lead } = told([
      entered(1, 'sal'),
      changed(10, { stages: funnel.stages.filter(({ id }) => id !== 'sal') }),
      entered(12, 'mql'),
    ])
    expect(sum('lead.in-stage', { stage: 'sal', asOf: 11 })).toBe(1)
    expect(sum('lead.in-stage', { stage: 'sal' })).toBe(0)
    expect(sum('lead.recycled')).toBe(0)
    expect(lead('l1').flags).not.toContain('unknown-stage')
  })
})

describe('A dimension that is changed on day 10 (row 8)', () => {
  it('gives what was counted before the value of then, and what is counted after the new one', () => {
    const { sum } = told([
      captured(1, 'l1', { properties: { segment: 'big', size: 'xl' } }),
      dimension(10, 'segment', { lead: { from: 'properties.size' } }),
      entered(12, 'mql'),
    ])
    expect(sum('lead.captured', { dims: { segment: 'big' } })).toBe(1)
    expect(sum('stage.entered', { dims: { segment: 'xl' } })).toBe(1)
    // the lead is where it was, by the value that counts now
    expect(sum('lead.in-stage', { dims: { segment: 'xl' } })).toBe(1)
  })

  it('is there from then on where it is new', () => {
    const { sum } = told([
      on(1, 'touchpoint.recorded', { visitor: 'v', kind: 'page', properties: { device: 'phone' } }),
      dimension(10, 'device', { touch: { from: 'properties.device' } }, 1),
      on(11, 'touchpoint.recorded', { visitor: 'v', kind: 'page', properties: { device: 'phone' } }),
    ])
    expect(sum('touch', { dims: { device: 'none' } })).toBe(1)
    expect(sum('touch', { dims: { device: 'phone' }, period: [11, 12] })).toBe(1)
  })

  it('is as known now for the lines of a version that says so, and for those alone', () => {
    const { sum } = told([
      captured(1, 'l1', { owner: 'ann' }),
      dimension(10, 'owner', { lead: { from: 'owner', value: 'latest' } }),
      entered(12, 'mql'),
      on(14, 'lead.assigned', { lead: 'l1', owner: 'bob' }),
    ])
    expect(sum('lead.captured', { dims: { owner: 'ann' } })).toBe(1)
    expect(sum('stage.entered', { dims: { owner: 'bob' } })).toBe(1)
    expect(sum('stage.entered', { dims: { owner: 'ann' }, known: 13 })).toBe(1)
  })

  it('comes to a deal from its lead as the version at the deal’s fact says, also where the lead’s own facts are older', () => {
    const { sum } = told([
      captured(1, 'l1', { properties: { region: 'north' } }),
      on(2, 'deal.opened', { deal: 'd1', lead: 'l1' }),
      dimension(10, 'region', { lead: { from: 'properties.region' }, deal: { from: 'lead' } }, 1),
      on(12, 'deal.opened', { deal: 'd2', lead: 'l1' }),
      on(13, 'deal.won', { deal: 'd1' }),
    ])
    expect(sum('deal.opened', { dims: { region: 'none' }, id: 'd1' })).toBe(1)
    expect(sum('deal.opened', { dims: { region: 'north' }, id: 'd2' })).toBe(1)
    expect(sum('deal.won', { dims: { region: 'north' } })).toBe(1)
    expect(sum('lead.captured', { dims: { region: 'north' } })).toBe(0)
  })
})

describe('A dimension that is an attribute of the owner, when sales is reorganised on day 10', () => {
  const moved = (known: number) => [
    applied(known, 'team/t1', 2, team('t1', 'o1', ['o1'])),
    applied(known, 'team/t2', 2, team('t2', 'zoe', ['o2', 'bob', 'ann'])),
  ]
  const won = (at: number, deal: string) => on(at, 'deal.won', { deal, lead: 'l1', owner: 'ann' })

  it('leaves what was before with the team and the manager of then', () => {
    const { sum } = told([
      captured(1, 'l1', { owner: 'ann' }),
      won(2, 'd1'),
      ...moved(10),
      entered(12, 'mql'),
      won(13, 'd2'),
      on(14, 'deal.won', { deal: 'd3', owner: 'nobody' }),
    ])
    expect(sum('lead.captured', { dims: { team: 't1' } })).toBe(1)
    expect(sum('stage.entered', { dims: { team: 't2' } })).toBe(1)
    expect(sum('deal.won', { id: 'd1', dims: { lead_of: 'o1', team: 't1' } })).toBe(1)
    expect(sum('deal.won', { id: 'd2', dims: { lead_of: 'zoe', team: 't2' } })).toBe(1)
    expect(sum('deal.won', { id: 'd3', dims: { lead_of: 'none', team: 'none' } })).toBe(1)
  })

  it('moves what is asked for as of now once the lead is heard of again', () => {
    const { sum } = told([captured(1, 'l1', { owner: 'ann' }), ...moved(10), entered(12, 'mql')])
    expect(sum('lead.captured', { dims: { team_now: 't1' }, known: 11 })).toBe(1)
    expect(sum('lead.captured', { dims: { team_now: 't2' } })).toBe(1)
  })

  it('follows the lead to another owner as the owner does', () => {
    const { sum } = told([
      captured(1, 'l1', { owner: 'ann' }),
      on(2, 'lead.assigned', { lead: 'l1', owner: 'bob' }),
      entered(3, 'mql'),
    ])
    expect(sum('lead.captured', { dims: { team: 't1', team_now: 't2' } })).toBe(1)
    expect(sum('stage.entered', { dims: { team: 't2', team_now: 't2' } })).toBe(1)
  })
})
