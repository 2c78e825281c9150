import type { Instant } from '@funnel/events'
import type { Fact } from '../fact.js'

/** What is said of a clock in the end. */
export type Outcome = 'open' | 'met' | 'cancelled' | 'breached' | 'ended'

/** A clock as what was said of it tells, the last word counting. */
export interface ClockStory {
  readonly started: Instant
  readonly outcome: Outcome
  /** As of the last word on it. */
  readonly paused: boolean
  /** When it is due, as was told last. */
  readonly due?: Instant
  /** Seconds that count and are left, as of the last word on it. */
  readonly left?: number
  /** Missed, whatever became of it; by the fact `index`, the first of those that agree on it. */
  readonly missed?: { readonly due: Instant; readonly index: number }
  /** How it came to be over. */
  readonly end?: ClockEnd
}

export interface ClockEnd {
  /** Index of the fact that says so. */
  readonly index: number
  readonly at: Instant
  /** It was fulfilled by an act, in time or late. */
  readonly answered: boolean
  /** Seconds that counted while it ran; of the time after it was due. */
  readonly used?: number
  readonly lateness?: number
}

/** What an event of a clock may say. */
interface Said {
  readonly started: string
  readonly start?: string
  readonly due?: string
  readonly target?: number
  readonly left?: number
  readonly state?: 'running' | 'paused'
  readonly outcome?: Outcome
  readonly by?: string
  readonly at?: string
  readonly used?: number
  readonly lateness?: number
  readonly how?: 'stopped' | 'cancelled'
}

/**
 * Reads the facts of a clock in the order in which they were decided; a correction takes the place of what it corrects. A
 * clock of a period (nothing started it) is over with its breach: nobody can make up for it.
 */
export function clockStory([first, ...others]: readonly Fact[]): ClockStory | undefined {
  if (!first) return undefined
  const { started, start } = first.data as unknown as Said
  let story = after({ started: Date.parse(started), outcome: 'open', paused: false }, first, 0)
  for (const [i, fact] of others.entries()) story = after(story, fact, i + 1)
  const { missed, end } = story
  return start === undefined && missed && !end
    ? { ...story, end: { index: missed.index, at: missed.due, answered: false } }
    : story
}

function after(before: ClockStory, fact: Fact, index: number): ClockStory {
  const said = fact.data as unknown as Said
  const due = said.due === undefined ? before.due : Date.parse(said.due)
  const left = said.left ?? said.target ?? before.left
  const { missed, end, ...open } = {
    ...before,
    ...(due === undefined ? {} : { due }),
    ...(left === undefined ? {} : { left }),
    ...(said.state === undefined ? {} : { paused: said.state === 'paused' }),
  }
  const outcome = outcomeIn(fact, said)
  if (outcome === undefined) return { ...open, ...(missed && { missed }), ...(end && { end }) }
  const dueAt = due ?? fact.at
  return {
    ...open,
    outcome,
    ...((outcome === 'breached' || outcome === 'ended') && {
      missed: missed?.due === dueAt ? missed : { due: dueAt, index },
    }),
    ...(outcome !== 'open' && outcome !== 'breached' && { end: endIn(outcome, said, { index, dueAt }) }),
  }
}

/** The outcome that a fact gives a clock, if any. */
function outcomeIn({ type }: Fact, { outcome }: Said): Outcome | undefined {
  if (type === 'sla.corrected') return outcome
  if (type === 'sla.met' || type === 'sla.cancelled' || type === 'sla.breached' || type === 'sla.ended')
    return type.slice('sla.'.length) as Outcome
  return undefined
}

/** A period that is corrected says no time: it ends when it is due. */
const endIn = (
  outcome: Outcome,
  said: Said,
  { index, dueAt }: { readonly index: number; readonly dueAt: Instant },
): ClockEnd => ({
  index,
  at: said.at === undefined ? dueAt : Date.parse(said.at),
  answered: said.by !== undefined && (outcome === 'met' || (outcome === 'ended' && said.how !== 'cancelled')),
  ...(said.used === undefined ? {} : { used: said.used }),
  ...(said.lateness === undefined ? {} : { lateness: said.lateness }),
})
