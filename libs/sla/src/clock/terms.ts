import type { BusinessTime } from '../calendar/calendar.js'

/**
 * What a clock is judged by: a policy for a lead of some owner, in the version that was in force at its start. Times in
 * milliseconds.
 */
export type Terms = {
  /** Id and version of the policy, and of the calendar where there is one: named in every verdict. */
  readonly policy: string
  readonly calendar?: string
  /** How much time that counts there is; from 1. */
  readonly target: number
  /** How long before the due time somebody is warned: one warning each. */
  readonly warnings: readonly number[]
  /** How much lateness leads to which level of escalation: `[0, 3_600_000]` to two, the first with the breach. */
  readonly escalations: readonly number[]
  /** How long a fact may take into the log before it is judged without; absent: 5 seconds. */
  readonly grace?: number
}

/** The time that counts under some terms: that of their calendar, or all time. The same for the same terms, always. */
export type TimeOf = (terms: Terms) => BusinessTime
