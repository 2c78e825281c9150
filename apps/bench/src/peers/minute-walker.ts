import type { Instant } from '@funnel/events'

const MINUTE = 60_000

/** Minutes of the day: from, and up to. */
export type Hours = readonly (readonly [from: number, to: number])[]

/**
 * Due times by walking from minute to minute and reading the clock on the wall, which is that of the zone of this process:
 * what is quickest to read. Starts and budgets are whole minutes. `week` begins with Sunday; days are as `2026-12-24`.
 */
export function minuteWalker(week: readonly Hours[], holidays: ReadonlySet<string>) {
  const hoursOn = (clock: Date): Hours => {
    const [month, day] = [clock.getMonth() + 1, clock.getDate()].map((part) => String(part).padStart(2, '0'))
    return holidays.has(`${clock.getFullYear()}-${month}-${day}`) ? [] : week[clock.getDay()]!
  }
  return (from: Instant, minutes: number): Instant => {
    let [now, left, day] = [from, minutes, -1]
    let hours: Hours = []
    while (left > 0) {
      const clock = new Date(now)
      if (clock.getDate() !== day) {
        day = clock.getDate()
        hours = hoursOn(clock)
      }
      const minute = clock.getHours() * 60 + clock.getMinutes()
      if (hours.some(([opens, closes]) => opens <= minute && minute < closes)) left--
      now += MINUTE
    }
    return now
  }
}
