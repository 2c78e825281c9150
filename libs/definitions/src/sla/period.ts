import type { Instant } from '@funnel/events'
import { DateTime } from 'luxon'
import type { PeriodPolicy } from './policy.js'

/**
 * The period in which an instant lies, by the clock on the wall of the policy's zone: up to `to`, which is not part of it,
 * with its first day, such as `2026-07-13`. Weeks begin on Monday.
 */
export function periodAt(
  { every: { period, zone } }: PeriodPolicy,
  at: Instant,
): { readonly from: Instant; readonly to: Instant; readonly first: string } {
  const from = DateTime.fromMillis(at, { zone }).startOf(period)
  return { from: from.toMillis(), to: from.plus({ [period]: 1 }).toMillis(), first: from.toISODate()! }
}
