import type { Instant } from '@funnel/events'
import type { Story } from './story.js'
import type { Terms } from './terms.js'

/** What a verdict rests on. */
export type Grounds = Pick<Terms, 'policy' | 'calendar'> & {
  /** The event that started the clock. */
  readonly start: string
  /** Notifies nobody and reassigns nothing. */
  readonly historical: boolean
}

/** How a clock ended: by which event, when, and after how much time that counts. */
export type Ending = {
  readonly by: string
  readonly at: Instant
  readonly used: number
}

/**
 * What is to be said of a clock. A breach stands when the clock is stopped later, and then says how late that was, in time
 * that counts.
 */
export type Verdict =
  | { readonly outcome: 'open' }
  | (Grounds & Ending & { readonly outcome: 'met' | 'cancelled' })
  | (Grounds & {
      readonly outcome: 'breached'
      readonly due: Instant
      readonly ended?: Ending & { readonly how: 'stopped' | 'cancelled'; readonly lateness: number }
    })

/** How a clock ended, by a verdict; undefined while it is open or overdue. */
export function endOf(verdict: Verdict): Ending | undefined {
  if (verdict.outcome === 'open') return undefined
  return verdict.outcome === 'breached' ? verdict.ended : verdict
}

/** Missed, whatever became of it: one of the two counts. */
export const isMissed = ({ outcome }: Verdict): boolean => outcome === 'breached'

/** Missed and still to be done: the other one. */
export const isOverdue = (verdict: Verdict): boolean => verdict.outcome === 'breached' && !verdict.ended

export const groundsOf = ({ start, historical }: Story, { policy, calendar }: Terms): Grounds => ({
  policy,
  ...(calendar !== undefined && { calendar }),
  start: start.id,
  historical,
})

/** The verdict of a story when everything recorded up to an instant has been seen, after what was said before. */
export function verdictOf(story: Story | undefined, upTo: Instant, said: Verdict): Verdict {
  if (!story) return { outcome: 'open' }
  const { missed, end, state, late } = story
  const ending = end && { by: end.id, at: end.occurred, used: story.used }
  if (!missed) {
    if (!ending) return { outcome: 'open' }
    return { outcome: state === 'stopped' ? 'met' : 'cancelled', ...groundsOf(story, story.terms), ...ending }
  }
  // still ahead
  if (missed.at > upTo) return { outcome: 'open' }
  // passed, but what is known later may show that it was not missed: a breach that was told stands, and so does what else was said
  if (missed.cut > upTo && said.outcome !== 'breached') return said
  const how = state === 'cancelled' ? 'cancelled' : 'stopped'
  return {
    outcome: 'breached',
    ...groundsOf(story, missed.terms),
    due: missed.at,
    ...(ending && { ended: { how, ...ending, lateness: late } }),
  }
}
