/** The closed list of what can go wrong, the same on every door. Values that matter are in `details`, never in the code. */
export const errorCodes = [
  'INVALID', // input that can never be right
  'REJECTED', // a decider said no
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'CONFLICT', // same event id, other content
  'IDEMPOTENCY_CONFLICT', // same command key, other command
  'VERSION_CONFLICT', // the stream moved on; read again and retry
  'TOO_LARGE',
  'OVERLOADED', // retry later; details.retryAfter in seconds
  'UNAVAILABLE', // something we need is down; retry later
  'DEADLINE',
  'LOG_GAP', // positions are missing that the store does not have either
  'LOG_AHEAD', // the topic holds what the store does not, or another epoch: re-create topics, rebuild
  'FENCED', // somebody else folds this read model
  'UNSAFE_DATABASE', // a durability setting is off
  'INTERNAL', // a bug
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** The one error class. `message` says what, where and how to mend it, and holds no personal data. */
export class FunnelError extends Error {
  override readonly name = 'FunnelError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}
