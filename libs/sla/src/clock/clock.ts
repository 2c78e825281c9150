import type { Instant } from '@funnel/events'
import type { Fact } from './fact.js'
import { tell, type Mark, type Story } from './story.js'
import type { TimeOf } from './terms.js'
import { groundsOf, isMissed, verdictOf, type Grounds, type Verdict } from './verdict.js'

/** One running instance of a promise: its facts, and what was said of it. Plain data. */
export type Clock = {
  readonly facts: readonly Fact[]
  /** Everything whose cut lies at or before this instant of the log has been said. */
  readonly upTo: Instant
  readonly said: Verdict
  /** The warnings and escalations that were said, each once. */
  readonly told: readonly string[]
}

export const newClock: Clock = { facts: [], upTo: 0, said: { outcome: 'open' }, told: [] }

/** What is to be said, and the fact that caused it: the start, where time did. */
export type Saying = { readonly cause: string } & (
  | (Grounds & { readonly type: 'warned' | 'escalated'; readonly level: number; readonly at: Instant })
  | {
      readonly type: 'judged'
      readonly verdict: Verdict
      /** What was said before and does not hold any more: this is a correction. */
      readonly corrects?: Verdict
    }
)

export interface Step {
  readonly clock: Clock
  readonly sayings: readonly Saying[]
}

/**
 * Takes in a fact of the log, facts in the order in which they were recorded. First all is said whose cut lies before it:
 * so what is said is a function of the log, whoever reads it and when. A fact that comes after its deadline was judged is
 * heard all the same, and what it changes is said as a correction: when all facts are known, the verdict does not depend
 * on the order they came in. A fact that is known does nothing.
 */
export function observe(clock: Clock, fact: Fact, timeOf: TimeOf): Step {
  const before = pass(clock, fact.recorded - 1, timeOf)
  if (before.clock.facts.some(({ id }) => id === fact.id)) return before
  return toldBy([...before.clock.facts, fact], before, fact.id, timeOf)
}

/** Of a fact that followed from something else: what takes its place. */
export interface Revision {
  /** Facts that do not hold any more. */
  readonly without: (fact: Fact) => boolean
  readonly instead?: Fact
  /** When that came to be known, and by which event. */
  readonly recorded: Instant
  readonly cause: string
}

/**
 * Takes facts out again that followed from what has turned out otherwise, and one in: else as `observe`. Where the clock
 * runs after all, what time would have said meanwhile is said now: no timer comes back to it.
 */
export function revise(clock: Clock, { without, instead, recorded, cause }: Revision, timeOf: TimeOf): Step {
  const before = pass(clock, recorded - 1, timeOf)
  const facts = [...before.clock.facts.filter((fact) => !without(fact)), ...(instead ? [instead] : [])]
  return caughtUp(toldBy(facts, before, cause, timeOf), timeOf)
}

/** Says the levels that lie behind an open clock and were not said: escalations, and warnings while they are any. */
function caughtUp(step: Step, timeOf: TimeOf): Step {
  const { clock } = step
  const story = tell(clock.facts, timeOf)
  if (!story || story.end) return step
  const kind = isMissed(clock.said) ? 'escalated' : 'warned'
  const late = untold(clock, story).filter((mark) => mark.kind === kind && mark.cut <= clock.upTo)
  return {
    clock: { ...clock, told: [...clock.told, ...late.map(nameOf)] },
    sayings: [...step.sayings, ...late.map((mark) => levelOf(kind, mark, story))],
  }
}

function toldBy(facts: readonly Fact[], before: Step, cause: string, timeOf: TimeOf): Step {
  const after = judged({ ...before.clock, facts }, tell(facts, timeOf), cause)
  return { clock: after.clock, sayings: [...before.sayings, ...after.sayings] }
}

/** The fact that ended a clock, by all that is known of it; undefined while it runs. It may have been missed before. */
export const endNow = (clock: Clock, timeOf: TimeOf): Fact | undefined => tell(clock.facts, timeOf)?.end

/**
 * Says all whose cut lies at or before an instant up to which the log is known (its watermark), in the order of cuts:
 * never early, for a cut lies after what it judges. Doing it late, in parts or twice says the same, once.
 */
export function pass(clock: Clock, upTo: Instant, timeOf: TimeOf): Step {
  if (upTo <= clock.upTo) return { clock, sayings: [] }
  const story = tell(clock.facts, timeOf)
  if (!story) return { clock: { ...clock, upTo }, sayings: [] }
  let now = clock
  const sayings: Saying[] = []
  for (const mark of pending(clock, story)) {
    if (mark.cut > upTo) break
    if (mark.kind === 'breached') {
      const step = judged({ ...now, upTo: mark.cut }, story, story.start.id)
      now = step.clock
      sayings.push(...step.sayings)
      continue
    }
    sayings.push(levelOf(mark.kind, mark, story))
    now = { ...now, told: [...now.told, nameOf(mark)] }
  }
  return { clock: { ...now, upTo }, sayings }
}

/** When there is something to say next, unless a fact comes before: what a timer waits for. Undefined where there is nothing. */
export function nextCut(clock: Clock, timeOf: TimeOf): Instant | undefined {
  const story = tell(clock.facts, timeOf)
  return story && pending(clock, story)[0]?.cut
}

/** What a clock is judged by as far as it is known; undefined without a start. */
export function groundsNow(clock: Clock, timeOf: TimeOf): Grounds | undefined {
  const story = tell(clock.facts, timeOf)
  return story && groundsOf(story, story.terms)
}

/** How a clock stands at an instant, by the facts that are known of it. */
export interface Standing {
  readonly state: Story['state']
  /** Absent while it is paused, and once it ended in time. */
  readonly due?: Instant
  /** Time that counts until it is due, as long as it runs or is paused; 0 when it is overdue. */
  readonly left: number
  /** Time that counts since it was due, up to its end. */
  readonly lateness: number
}

/** How a clock stands at an instant not before its last fact; undefined without a start. */
export function standingAt(clock: Clock, at: Instant, timeOf: TimeOf): Standing | undefined {
  const story = tell(clock.facts, timeOf)
  if (!story) return undefined
  const { state, missed, terms, used, late } = story
  const isOpen = state === 'running' || state === 'paused'
  const isLate = missed !== undefined && missed.at <= at
  const since = (from: Instant) => (state === 'running' && from < at ? timeOf(terms).between(from, at) : 0)
  return {
    state,
    ...(missed && { due: missed.at }),
    left: isOpen && !isLate ? Math.max(0, terms.target - used - since(story.at)) : 0,
    lateness: isLate ? late + since(Math.max(missed.at, story.at)) : 0,
  }
}

const kinds = ['warned', 'breached', 'escalated'] as const
const nameOf = ({ kind, level }: Mark): string => `${kind} ${level}`

const levelOf = (type: 'warned' | 'escalated', { terms, level, at }: Mark, story: Story): Saying => ({
  type,
  cause: story.start.id,
  ...groundsOf(story, terms),
  level,
  at,
})

/** What is to be said yet, in the order in which it will be. */
const pending = (clock: Clock, story: Story): Mark[] => untold(clock, story).filter(({ cut }) => cut > clock.upTo)

/** The marks whose level was not said, in the order of their cuts. */
const untold = ({ told }: Clock, { marks }: Story): Mark[] =>
  marks
    .filter((mark) => !told.includes(nameOf(mark)))
    .sort((a, b) => a.cut - b.cut || a.at - b.at || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.level - b.level)

/** Says the verdict, if it is another one than was said. */
function judged(clock: Clock, story: Story | undefined, cause: string): Step {
  const { said, upTo } = clock
  const verdict = verdictOf(story, upTo, said)
  if (JSON.stringify(verdict) === JSON.stringify(said)) return { clock, sayings: [] }
  const isNews = said.outcome === 'open' || isEndOf(verdict, said)
  return {
    clock: { ...clock, said: verdict },
    sayings: [{ type: 'judged', cause, verdict, ...(!isNews && { corrects: said }) }],
  }
}

/** Whether a verdict says no more than that what was overdue has ended. */
const isEndOf = (verdict: Verdict, said: Verdict): boolean =>
  verdict.outcome === 'breached' && said.outcome === 'breached' && !said.ended && verdict.due === said.due
