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
  let gone: AbortController | undefined
  return {
    deadline: deadlineOf(call),
    // most answers are known already, and nobody asks
    get signal() {
      if (gone) return gone.signal
      const controller = (gone = new AbortController())
      if (call.cancelled) controller.abort()
      else call.once('cancelled', () => controller.abort())
      return controller.signal
    },
  }
}
