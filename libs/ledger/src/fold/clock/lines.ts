import type { Measure, Versions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { lineOf, type Dims, type Line } from '../../line.js'
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
  const subject = { kind: 'clock', id } as const
  const book = (measure: Measure, occurred: Instant, of: Dims, amount = 1, elapsed?: number): Line =>
    lineOf(measure, amount, { occurred, elapsed, subject, dims: of })
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
      if (before && sameDims(before, now)) return []
      return [...(before ? [book(measure, occurred, before, -1)] : []), book(measure, occurred, now)]
    })
    return until === undefined ? lines : [...lines, book(measure, until, steps.at(-1)!.dims, -1)]
  }
  const atEnd = (measure: Measure, took?: number) =>
    end ? [book(measure, end.at, dims[end.index]!, 1, took === undefined ? undefined : Math.ceil(took))] : []
  return [
    book('sla.started', started, dims[0]!),
    ...level('sla.open', started, 0),
    ...(outcome === 'met' ? atEnd('sla.met') : []),
    ...(outcome === 'cancelled' ? atEnd('sla.cancelled') : []),
    ...(missed ? [book('sla.missed', missed.due, dims[missed.index]!)] : []),
    ...(missed ? level('sla.overdue', missed.due, missed.index) : []),
    ...(end?.answered ? atEnd('sla.answered', end.used) : []),
    ...(end?.answered && missed ? atEnd('sla.late', end.lateness) : []),
  ]
}

/** The dimension values of each event of a clock: it says all there is to be known of the clock itself. */
function dimsOfFacts({ facts, passed }: ClockState, versions: Versions): readonly Dims[] {
  const last = facts.at(-1)!
  const now = { about: aboutOf(last), definitions: versions.at(judgedAt(last)) }
  return facts.map((fact) => dimsOf(versions.at(judgedAt(fact)), 'clock', aboutOf(fact), passed ? { passed } : {}, now))
}

const aboutOf = ({ data }: Fact): About => data
