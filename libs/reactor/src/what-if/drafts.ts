import type { AllDefinitions, Draft } from '@funnel/definitions'
import type { Instant, Recorded } from '@funnel/events'
import type { Between } from './missed.js'

/** What is replayed, and under which drafts. */
export interface Replay extends Between {
  /** The log in the total order, up to `w`. */
  readonly pages: AsyncIterable<readonly Recorded[]>
  readonly w: Instant
  /** What counts where the log says nothing. */
  readonly definitions: AllDefinitions
  /** Each in the place of the one with its id, in all its versions. */
  readonly drafts: readonly Draft[]
  /** All that would be agreed with them. */
  readonly drafted: AllDefinitions
}

/** What a log is without what it says of the definitions that drafts are in the place of. */
export function unapplied(drafts: readonly Draft[]): (page: readonly Recorded[]) => readonly Recorded[] {
  const names = new Set(drafts.map(({ kind, value }) => `${kind}/${value.id}`))
  return (page) =>
    page.filter(
      ({ event: { type, data } }) =>
        type !== 'definition.applied' || !names.has((data as { readonly definition: string }).definition),
    )
}
