import type { Instant } from '@funnel/events'
import { limits } from '@funnel/query-api'

/** The part of a gRPC call that knows how long its caller waits. */
export interface Call {
  readonly cancelled: boolean
  getDeadline(): Date | number
  once(event: 'cancelled', listener: () => void): unknown
}

/**
 * When the caller gives up. gRPC sets no deadline unless asked to, and grpcurl never does; such a call gets
 * `limits.deadline` instead of being refused.
 */
export function deadlineOf(call: Call): Instant {
  const deadline = Number(call.getDeadline())
  return Number.isFinite(deadline) ? deadline : Date.now() + limits.deadline
}
