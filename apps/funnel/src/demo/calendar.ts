import type { Instant } from '@funnel/events'

const HOUR = 3_600_000

/** How busy an hour is: working days are busier than weekends, days busier than nights. */
function busy(time: Instant): number {
  const date = new Date(time)
  const day = date.getUTCDay()
  const hour = date.getUTCHours()
  const working = hour >= 7 && hour < 19 ? 1 : 0.25
  return (day === 0 || day === 6 ? 0.3 : 1) * working
}

/**
 * Instants from `from` to `to`, `count` of them in rising order, more where it is busy. The same arguments give the same
 * instants.
 */
export function busyTimes(from: Instant, to: Instant, count: number): Instant[] {
  const hours = Math.max(1, Math.ceil((to - from) / HOUR))
  const weights = Array.from({ length: hours }, (_, i) => busy(from + i * HOUR))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const times: Instant[] = []
  let hour = 0
  let before = 0
  for (let i = 0; i < count; i++) {
    const target = ((i + 0.5) / count) * total
    while (hour < hours - 1 && before + weights[hour]! <= target) before += weights[hour++]!
    const share = Math.min(1, (target - before) / weights[hour]!)
    times.push(Math.min(to - 1, Math.floor(from + (hour + share) * HOUR)))
  }
  return times
}
