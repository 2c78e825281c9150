import { describe, expect, it } from '@jest/globals'
import type { Measure } from '@funnel/definitions'
import { day, on, told } from '../testing/told.js'

const HOUR = 1 / 24
const iso = (at: number) => new Date(day(at)).toISOString()

/** Events of a clock of a promise about the lead l; what is said is of days. */
const clockOf =
  (policy: string, more: object = {}) =>
  (at: number, type: string, said: object = {}) =>
    on(at, `sla.${type}` as 'sla.met', {
      subject: 'l',
      clock: `${policy}/s`,
      policy,
      policyVersion: 1,
      party: 'sales',
      lead: 'l',
      start: 's',
      started: iso(1),
      ...more,
      ...said,
    })
const response = clockOf('lead-response', { owner: 'ann', team: 't1' })
const handoff = clockOf('handoff-acceptance', { owner: 'bob' })
const volume = clockOf('mql-volume', { subject: 'mql-volume', lead: undefined, start: undefined, party: 'marketing' })
const insight = clockOf('insight-report', { subject: 'insight-report', lead: undefined, start: undefined })

const started = (clock: typeof response, due = 2) => clock(1, 'started', { due: iso(due), target: 3600 })
const met = (clock: typeof response, at: number, said = {}) =>
  clock(at, 'met', { by: 'e', at: iso(at), used: 1800, ...said })
const breached = (clock: typeof response, due = 2, said = {}) =>
  clock(due + HOUR, 'breached', { due: iso(due), ...said })
const ended = (clock: typeof response, at: number, said = {}) =>
  clock(at, 'ended', { by: 'e', at: iso(at), used: 14_400, due: iso(2), how: 'stopped', lateness: 10_800, ...said })

const counts: readonly Measure[] = ['sla.started', 'sla.met', 'sla.missed', 'sla.cancelled', 'sla.answered', 'sla.late']
const all = ({ sum }: ReturnType<typeof told>, asked = {}) => counts.map((measure) => sum(measure, asked))
const levels = ({ sum }: ReturnType<typeof told>, asOf?: number) =>
  (['sla.open', 'sla.overdue'] as const).map((measure) => sum(measure, asOf === undefined ? {} : { asOf }))

describe('clocks of promises', () => {
  it('row 22: a handoff that was breached and a response that was met on the same lead are both reported', () => {
    const both = told([started(response), started(handoff), met(response, 1.5), breached(handoff)])
    expect(all(both, { dims: { policy: 'lead-response' } })).toEqual([1, 1, 0, 0, 1, 0])
    expect(all(both, { dims: { policy: 'handoff-acceptance' } })).toEqual([1, 0, 1, 0, 0, 0])
    expect(levels(both, 1)).toEqual([2, 0])
    expect(levels(both)).toEqual([1, 1])
  })

  it('row 25: a lead that was answered 3 h late is missed once, overdue no more, and 3 business hours late', () => {
    const late = told([started(response), breached(response), ended(response, 3)])
    expect(all(late)).toEqual([1, 0, 1, 0, 1, 1])
    expect(late.sum('sla.missed', { period: [2, 3] })).toBe(1)
    expect(levels(late, 2)).toEqual([1, 1])
    expect(levels(late, 3)).toEqual([0, 0])
    expect(late.entries.find(({ measure }) => measure === 'sla.late')).toMatchObject({ elapsed: 10_800 })
    expect(late.entries.find(({ measure }) => measure === 'sla.answered')).toMatchObject({ elapsed: 14_400 })
  })

  it('rows 27, N10: promises of both teams stand in one ledger, with or without a lead', () => {
    const both = told([
      started(response),
      started(volume, 8),
      started(insight, 8),
      breached(response),
      met(volume, 8, { by: undefined, value: 12 }),
      breached(insight, 8, { value: 0 }),
    ])
    expect(all(both, { dims: { party: 'sales' } })).toEqual([2, 0, 2, 0, 0, 0])
    expect(all(both, { dims: { party: 'marketing' } })).toEqual([1, 1, 0, 0, 0, 0])
    // what a period brought cannot be made up for, so it is missed and not overdue
    expect(both.sum('sla.overdue', { dims: { policy: 'insight-report' } })).toBe(0)
    expect(both.clock('insight-report/s')).toMatchObject({ subject: 'insight-report', state: 'breached', missed: true })
    expect(levels(both)).toEqual([1, 1])
  })

  it('row 27: a week that brought enough after all is kept, in that week', () => {
    const kept = told([
      started(volume, 8),
      breached(volume, 8),
      volume(12, 'corrected', { corrects: { outcome: 'breached', event: 'b' }, outcome: 'met', because: ['e'] }),
    ])
    expect(all(kept)).toEqual([1, 1, 0, 0, 0, 0])
    expect(kept.sum('sla.met', { period: [8, 9] })).toBe(1)
    expect(kept.sum('sla.missed', { known: 11 })).toBe(1)
  })

  it('of two leads that one event started are two, though they have one id', () => {
    const other = { lead: 'm', subject: 'm' }
    const two = told([
      started(response),
      response(1, 'started', { due: iso(2), target: 3600, ...other }),
      breached(response),
    ])
    expect(two.sum('sla.started')).toBe(2)
    expect(levels(two)).toEqual([2, 1])
    expect(two.clock('m/lead-response/s')).toMatchObject({ lead: 'm', clock: 'lead-response/s', missed: false })
  })

  it('count for the owner and the team that the event names, and move with a change of owner', () => {
    const moved = told([
      started(response, 3),
      response(2, 'changed', { state: 'running', due: iso(4), left: 60, owner: 'bob', team: 't2', because: ['e'] }),
      breached(response, 4, { owner: 'bob' }),
      ended(response, 5, { owner: 'eve', due: iso(4) }),
    ])
    const by = (measure: Measure, owner: string, asOf?: number) =>
      moved.sum(measure, { dims: { owner }, ...(asOf === undefined ? {} : { asOf }) })
    expect([by('sla.started', 'ann'), by('sla.missed', 'bob'), by('sla.late', 'eve')]).toEqual([1, 1, 1])
    expect([by('sla.open', 'ann', 1), by('sla.open', 'bob', 1)]).toEqual([1, 0])
    expect([by('sla.open', 'ann', 2), by('sla.open', 'bob', 2)]).toEqual([0, 1])
    expect(moved.sum('sla.open', { dims: { team: 't2' }, asOf: 3 })).toBe(1)
    expect(['ann', 'bob', 'eve'].map((owner) => by('sla.open', owner))).toEqual([0, 0, 0])
  })

  it('have channel and segment of their lead as they are known now', () => {
    const late = told([
      on(0, 'touchpoint.recorded', { visitor: 'v', kind: 'page', channel: 'event' }),
      on(1, 'lead.captured', { lead: 'l', properties: { segment: 'smb' } }),
      started(response),
      breached(response),
      on(4, 'lead.engaged', { lead: 'l', kind: 'reply', visitor: 'v', properties: { segment: 'enterprise' } }),
    ])
    expect(late.sum('sla.missed', { dims: { segment: 'enterprise', channel: 'event' } })).toBe(1)
    expect(late.sum('sla.missed', { dims: { segment: 'smb' }, known: 3 })).toBe(1)
    expect(late.sum('sla.missed', { dims: { segment: 'smb' } })).toBe(0)
  })

  it('are cancelled, in time or late', () => {
    const inTime = told([started(response), response(1.5, 'cancelled', { at: iso(1.5), used: 60 })])
    expect(all(inTime)).toEqual([1, 0, 0, 1, 0, 0])
    expect(levels(inTime)).toEqual([0, 0])
    const late = told([started(response), breached(response), ended(response, 3, { how: 'cancelled' })])
    expect(all(late)).toEqual([1, 0, 1, 0, 0, 0])
    expect(levels(late)).toEqual([0, 0])
  })
})

describe('a correction', () => {
  const corrected = (at: number, outcome: string, said: object) =>
    response(at, 'corrected', { corrects: { outcome: 'breached', event: 'b' }, outcome, because: ['e'], ...said })

  it('of a breach that was none takes it back from its period, known from then on', () => {
    const met = told([
      started(response),
      breached(response),
      corrected(4, 'met', { by: 'e', at: iso(1.5), used: 1800, due: iso(2) }),
    ])
    expect(all(met)).toEqual([1, 1, 0, 0, 1, 0])
    expect(met.sum('sla.met', { period: [1, 2] })).toBe(1)
    expect(met.sum('sla.missed', { known: 3 })).toBe(1)
    expect(levels(met, 3)).toEqual([0, 0])
    expect(met.clock('l/lead-response/s')).toMatchObject({ state: 'met', missed: false, ended: day(1.5) })
  })

  it('of what was kept opens it again, and it may be missed then', () => {
    const open = [started(response, 5), met(response, 2), corrected(3, 'open', { due: iso(5) })]
    expect([...all(told(open)), ...levels(told(open))]).toEqual([1, 0, 0, 0, 0, 0, 1, 0])
    const missed = told([...open, breached(response, 5)])
    expect([...all(missed), ...levels(missed)]).toEqual([1, 0, 1, 0, 0, 0, 1, 1])
  })

  it('of when a late answer came leaves the breach with whom it was', () => {
    const earlier = told([
      started(response),
      breached(response),
      ended(response, 4, { owner: 'bob' }),
      corrected(5, 'ended', {
        by: 'e',
        at: iso(3),
        used: 9000,
        lateness: 5400,
        due: iso(2),
        how: 'stopped',
        owner: 'bob',
      }),
    ])
    expect(earlier.sum('sla.missed', { dims: { owner: 'ann' } })).toBe(1)
    expect(earlier.sum('sla.late', { dims: { owner: 'bob' }, period: [3, 4] })).toBe(1)
    expect(earlier.sum('sla.late')).toBe(1)
    expect(levels(earlier, 3)).toEqual([0, 0])
  })
})

describe('the row of a clock', () => {
  const paused = response(1.5, 'changed', { state: 'paused', left: 600, because: ['e'] })

  it('tells when it is due while it runs, and how much is left while it is paused', () => {
    expect(told([started(response)]).clock('l/lead-response/s')).toEqual({
      key: 'l/lead-response/s',
      clock: 'lead-response/s',
      policy: 'lead-response',
      policyVersion: 1,
      party: 'sales',
      subject: 'l',
      lead: 'l',
      owner: 'ann',
      team: 't1',
      state: 'running',
      started: day(1),
      due: day(2),
      missed: false,
    })
    const waiting = told([started(response), paused]).clock('l/lead-response/s')
    expect(waiting).toMatchObject({ state: 'paused', left: 600 })
    expect(waiting.due).toBeUndefined()
  })

  it('row 22: names the clock that it belongs to, as was told last', () => {
    expect(told([started(response), paused]).clock('l/lead-response/s').parent).toBeUndefined()
    const parent = 'time-to-action/s'
    const part = response(1.5, 'changed', { state: 'paused', left: 600, because: ['e'], parent })
    expect(told([started(response), part]).clock('l/lead-response/s')).toMatchObject({ parent })
  })

  it('of one that was missed tells when it was due, whatever came after', () => {
    const late = told([
      started(response),
      breached(response),
      response(3, 'changed', { state: 'paused', left: 0, because: ['e'] }),
    ])
    expect(late.clock('l/lead-response/s')).toMatchObject({ state: 'paused', due: day(2), missed: true })
    expect(levels(late)).toEqual([1, 1])
  })
})
