import type { ErrorCode } from '@funnel/events'

/** What became of one event. */
export interface EventAnswer {
  /** Its place in the request, from 0; empty lines of NDJSON do not count. */
  readonly index: number
  /** The id it has in the log; absent where it was rejected. */
  readonly id?: string
  /** `conflict`: its id was recorded before with other content; the first stands, this one is kept as evidence. */
  readonly outcome: 'accepted' | 'duplicate' | 'conflict' | 'rejected'
  readonly code?: ErrorCode
  readonly field?: string
  readonly message?: string
  /** It came without an id and got this one: sent again it will be another event. */
  readonly minted?: true
}

/** The answer to a request: the counts, and every event's own verdict, in the order sent. */
export interface Answer {
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly rejected: number
  readonly events: readonly EventAnswer[]
}

/** The answer with its counts. */
export function answerOf(events: readonly EventAnswer[]): Answer {
  const counts = { accepted: 0, duplicate: 0, conflict: 0, rejected: 0 }
  for (const { outcome } of events) counts[outcome]++
  const { accepted, duplicate, conflict, rejected } = counts
  return { accepted, duplicates: duplicate, conflicts: conflict, rejected, events }
}
