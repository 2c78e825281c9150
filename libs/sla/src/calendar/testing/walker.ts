import type { Instant } from '@funnel/events'
import type { Calendar, Exception, Window } from '../calendar.js'

// Counts business time by walking from minute to minute and reading the clock on the wall. It shares nothing with the implementation: zones are
// asked of Intl, days and windows are compared as the texts they are.

const MINUTE = 60_000
// a global is looked up slowly where tests run, and there are hundreds of millions of steps
const { floor, min } = Math
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** For each minute from `from` (a whole one) on, whether it is open. Holidays are not known here. */
export function openMinutes(
  calendar: Calendar,
  personal: readonly Exception[],
  from: Instant,
  count: number,
): boolean[] {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: calendar.zone, dateStyle: 'short', timeStyle: 'short' })
  let day = { date: '', today: [] as readonly Window[], yesterday: [] as readonly Window[] }
  return Array.from({ length: count }, (_, i) => {
    const [date, time] = clock.format(from + i * MINUTE).split(' ') as [string, string]
    if (day.date !== date) {
      const yesterday = windowsOn(calendar, personal, dayBefore(date))
      day = { date, today: windowsOn(calendar, personal, date), yesterday }
    }
    return (
      day.today.some((w) => w.from <= time && (w.overnight || time < w.to)) ||
      day.yesterday.some((w) => w.overnight && time < w.to)
    )
  })
}

function windowsOn(
  { week, exceptions = [] }: Calendar,
  personal: readonly Exception[],
  date: string,
): readonly Window[] {
  const covers = ({ from, to = from }: Exception) => from <= date && date <= to
  const exception = personal.find(covers) ?? exceptions.find(covers)
  if (exception && !exception.working) return []
  if (exception?.working && exception.windows) return exception.windows
  return week === 'always'
    ? [{ from: '00:00', to: '24:00' }]
    : (week[names[new Date(`${date}T12:00Z`).getUTCDay()]!] ?? [])
}

const dayBefore = (date: string): string =>
  new Date(new Date(`${date}T12:00Z`).getTime() - 24 * 60 * MINUTE).toISOString().slice(0, 10)

/** What `add` must give, if the minutes reach so far. */
export function walkAdd(
  minutes: readonly boolean[],
  first: Instant,
  from: Instant,
  budget: number,
): Instant | undefined {
  let [now, left] = [from, budget]
  while (left > 0) {
    const minute = floor((now - first) / MINUTE)
    if (minute >= minutes.length) return undefined
    const rest = first + (minute + 1) * MINUTE - now
    if (!minutes[minute]) now += rest
    else if (left <= rest) return now + left
    else {
      now += rest
      left -= rest
    }
  }
  return now
}

/** What `between` must give; both instants within the minutes, in order. */
export function walkBetween(minutes: readonly boolean[], first: Instant, from: Instant, to: Instant): number {
  let [now, sum] = [from, 0]
  while (now < to) {
    const minute = floor((now - first) / MINUTE)
    const end = min(first + (minute + 1) * MINUTE, to)
    if (minutes[minute]) sum += end - now
    now = end
  }
  return sum
}
