import type { Instant } from '@funnel/events'
import { deadlineOf, type Call } from './deadline.js'

/** How long an answer is waited for. */
export interface Patience {
  readonly deadline: Instant
  /** Aborted when nobody waits any more, though the deadline may be far. */
  readonly signal?: AbortSignal | undefined
}

/** How long the caller waits: to its deadline, and as long as the call is not cancelled. */
export function patienceOf(call: Call): Patience {
  const gone = new AbortController()
  if (call.cancelled) gone.abort()
  else call.once('cancelled', () => gone.abort())
  return { deadline: deadlineOf(call), signal: gone.signal }
}
