import type { Instant } from '@funnel/events'
import { ClockState, type Clock } from '@funnel/query-api'
import { formatTime } from '../ask/format.js'

/** A time span in its two largest units: 2 d 3 h, 45 min, 20 s. Milliseconds; without a sign. */
export function formatSpan(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .flatMap(([count, unit]) => (count ? [`${count} ${unit}`] : []))
    .join(' ')
}

/** How a clock stands, in words; the time until it is due, and since, is that of the clock on the wall. */
export function standingOf({ state, dueAt, endedAt, leftSeconds, missed }: Clock, now: Instant): string {
  const away = dueAt === undefined ? undefined : dueAt.getTime() - now
  switch (state) {
    case ClockState.CLOCK_STATE_MET:
      return 'kept'
    case ClockState.CLOCK_STATE_CANCELLED:
      return 'void'
    case ClockState.CLOCK_STATE_BREACHED:
      return 'missed'
    case ClockState.CLOCK_STATE_ENDED:
      return `missed, over since ${formatTime(endedAt)}`
    case ClockState.CLOCK_STATE_PAUSED:
      if (!missed) return leftSeconds === undefined ? 'paused' : `paused, ${formatSpan(leftSeconds * 1000)} left`
      return `overdue for ${formatSpan(away ?? 0)}, paused`
    case ClockState.CLOCK_STATE_RUNNING:
    case ClockState.CLOCK_STATE_UNSPECIFIED:
    case ClockState.UNRECOGNIZED:
      break
  }
  if (away === undefined) return 'runs'
  if (missed) return `overdue for ${formatSpan(away)}`
  // its breach is told once all that was recorded by then is known
  return away < 0 ? 'due, about to be judged' : `due in ${formatSpan(away)}`
}
