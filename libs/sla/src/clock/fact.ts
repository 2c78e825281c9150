import type { Instant } from '@funnel/events'
import type { Terms } from './terms.js'

/**
 * What is known of one clock, with the id of the event that tells it. A `stop` is an act that fulfils the promise; what
 * does not qualify, such as an automatic reply, is no fact of the clock. `retarget` brings other terms: of another policy,
 * owner or priority. A start that came by an import is `imported`.
 */
export type Fact = { readonly id: string; readonly occurred: Instant; readonly recorded: Instant } & (
  | { readonly type: 'start'; readonly terms: Terms; readonly imported?: true }
  | { readonly type: 'retarget'; readonly terms: Terms }
  | { readonly type: 'stop' | 'cancel' | 'pause' | 'resume' }
)
export type Start = Extract<Fact, { readonly type: 'start' }>

const ranks = { start: 0, stop: 1, cancel: 2, retarget: 3, resume: 4, pause: 5 } as const satisfies Record<
  Fact['type'],
  number
>

/** The order of what happened. Of one instant, a stop counts before anything that would undo or prevent it, and a pause last. */
export const byOccurrence = (a: Fact, b: Fact): number =>
  a.occurred - b.occurred || ranks[a.type] - ranks[b.type] || (a.id < b.id ? -1 : Number(a.id > b.id))
