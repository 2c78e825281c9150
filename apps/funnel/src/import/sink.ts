import type { Envelope } from '@funnel/events'

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
  readonly send: (events: readonly Envelope[]) => Promise<readonly Verdict[]>
  readonly close: () => Promise<void>
}
