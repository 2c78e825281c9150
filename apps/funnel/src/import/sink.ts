import type { Envelope } from '@funnel/events'
import type { Personal } from '@funnel/event-store'

/** An event on its way, with what it tells of a person: that goes to the vault and nowhere else. */
export interface Told extends Envelope {
  readonly personal?: Personal
}

/** An event as the public door takes it: a mapping names no schema, so the door is to take the newest. */
export const publicly = ({ id, type, source, time, sequence, data, personal }: Told) => ({
  id,
  type,
  source,
  time,
  ...(sequence !== undefined && { sequence }),
  data,
  ...(personal && { personal }),
})

/** What became of one event. */
export interface Verdict {
  readonly outcome: 'recorded' | 'duplicate' | 'conflict' | 'rejected'
  readonly code?: string
  readonly field?: string
  readonly message?: string
}

/** A road into the log. */
export interface Sink {
  /** Where it leads, for people. */
  readonly name: string
  /** Records events, at most 1,000; one verdict each, in order. Durable when it resolves; waits while the other side is busy. */
  readonly send: (events: readonly Told[]) => Promise<readonly Verdict[]>
  readonly close: () => Promise<void>
}
