import type { Instant } from '@funnel/events'
import type { IANAZone } from 'luxon'

const DAY = 86_400_000
const MINUTE = 60_000

/** A stretch of time in which the clocks of a zone are not changed. Local time is the instant plus `offset`, in milliseconds. */
export interface Stretch {
  readonly from: Instant
  readonly to: Instant
  readonly offset: number
}

/**
 * The stretches between two instants, in order and without gaps. Clocks are looked at once a day: since 1970 no zone has
 * changed them twice in six days.
 */
export function stretches(zone: IANAZone, from: Instant, to: Instant): Stretch[] {
  const offsetAt = (instant: Instant) => Math.round(zone.offset(instant) * MINUTE)
  const found: Stretch[] = []
  let begin = from
  let offset = offsetAt(from)
  for (let day = from; day < to; day += DAY) {
    const next = Math.min(day + DAY, to)
    const after = offsetAt(next)
    if (after === offset) continue
    const change = changeBetween(day, next, (instant) => offsetAt(instant) === offset)
    found.push({ from: begin, to: change, offset })
    begin = change
    offset = after
  }
  if (begin < to) found.push({ from: begin, to, offset })
  return found
}

/** The first instant that is not as the first one was. */
function changeBetween(same: Instant, changed: Instant, isSame: (instant: Instant) => boolean): Instant {
  let [low, high] = [same, changed]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isSame(middle)) low = middle
    else high = middle
  }
  return high
}
