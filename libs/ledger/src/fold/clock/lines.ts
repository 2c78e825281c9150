import type { Versions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Dims, Line } from '../../line.js'
import { sameDims } from '../compare.js'
import { dimsOf, type About } from '../dims.js'
import { judgedAt, type Fact } from '../fact.js'
import type { ClockState } from '../state.js'
import { clockStory } from './story.js'

/**
 * What a clock adds to the measures: a pure function of what was said of it and of what its lead passes on. A correction
 * takes back what it corrects, in the period where that was.
 *
 * - `sla.started`: once, when it began to run.
 * - `sla.met`, `sla.cancelled`: when that happened. `sla.missed`: when it was due; answered late it stays missed.
 * - `sla.answered`: when an act fulfilled it, in time or late; `elapsed` is the time that counted until then. `sla.late`: the
 *   same of those that were late; `elapsed` is the time that counted since it was due.
 * - `sla.open`, `sla.overdue`: stocks; from the start, or from when it was due, until it is over. They move with the clock
 *   when it changes to other dimension values.
 *
 * The dimension values are those of the event that says so: its owner, its team; of a clock that was missed, of the first
 * event that says when.
 */
export function clockLines(id: string, state: ClockState, versions: Versions): Line[] {
  const { facts } = state
  const story = clockStory(facts)
  if (!story) return []
  const { started, outcome, missed, end } = story
  const dims = dimsOfFacts(state, versions)
  const at = (occurred: Instant, index: number) => ({
    amount: 1,
    occurred,
    subject: { kind: 'clock', id } as const,
    dims: dims[index]!,
  })
  const moves = facts
    .flatMap(({ type, at }, index) => (type === 'sla.changed' ? [{ at, dims: dims[index]! }] : []))
    .toSorted((a, b) => a.at - b.at)
  const level = (measure: 'sla.open' | 'sla.overdue', from: Instant, index: number): Line[] => {
    const until = end && Math.max(end.at, from)
    const steps = [
      { at: from, dims: dims[index]! },
      ...moves.filter(({ at }) => at > from && (until === undefined || at < until)),
    ]
    const lines = steps.flatMap(({ at: occurred, dims: now }, i): Line[] => {
      const before = steps[i - 1]?.dims
      const line = { ...at(occurred, index), measure }
      if (before && sameDims(before, now)) return []
      return [...(before ? [{ ...line, amount: -1, dims: before }] : []), { ...line, dims: now }]
    })
    return until === undefined
      ? lines
      : [...lines, { ...at(until, index), measure, amount: -1, dims: steps.at(-1)!.dims }]
  }
  const took = (seconds: number | undefined) => (seconds === undefined ? {} : { elapsed: Math.ceil(seconds) })
  return [
    { measure: 'sla.started', ...at(started, 0) },
    ...level('sla.open', started, 0),
    ...(end && outcome === 'met' ? [{ measure: 'sla.met', ...at(end.at, end.index) } as const] : []),
    ...(end && outcome === 'cancelled' ? [{ measure: 'sla.cancelled', ...at(end.at, end.index) } as const] : []),
    ...(missed ? [{ measure: 'sla.missed', ...at(missed.due, missed.index) } as const] : []),
    ...(missed ? level('sla.overdue', missed.due, missed.index) : []),
    ...(end?.answered ? [{ measure: 'sla.answered', ...at(end.at, end.index), ...took(end.used) } as const] : []),
    ...(end?.answered && missed
      ? [{ measure: 'sla.late', ...at(end.at, end.index), ...took(end.lateness) } as const]
      : []),
  ]
}

/** The dimension values of each event of a clock: it says all there is to be known of the clock itself. */
function dimsOfFacts({ facts, passed }: ClockState, versions: Versions): readonly Dims[] {
  const last = facts.at(-1)!
  const now = { about: aboutOf(last), definitions: versions.at(judgedAt(last)) }
  return facts.map((fact) => dimsOf(versions.at(judgedAt(fact)), 'clock', aboutOf(fact), passed ? { passed } : {}, now))
}

const aboutOf = ({ data }: Fact): About => data
