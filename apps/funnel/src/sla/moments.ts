import { DateTime } from 'luxon'
import type { hoursOf } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { holidaysOf } from '@funnel/sla'

/** An instant at which a clock might start, and why one would look at it. */
export interface Moment {
  readonly moment: string
  readonly at: Instant
}

const DAY = 86_400_000
/** Clocks that are not changed in so many days are not changed. */
const LOOK_AHEAD = 400

/**
 * The next instants, by the clock on the wall of a zone, at which deadlines are easily reckoned wrong: late on a Friday,
 * on a Saturday, on the day before clocks are changed and on that day, on a day off. Those of them that there are.
 */
export function momentsAfter(now: Instant, zone: string, closed: readonly number[]): Moment[] {
  const today = DateTime.fromMillis(now, { zone }).startOf('day')
  const next = (weekday: number) => today.plus({ days: (weekday - today.weekday + 7) % 7 || 7 })
  const change = nextChange(today)
  const off = closed.find((day) => day > dayOf(today))
  const days: readonly (readonly [string, DateTime | undefined, number, number])[] = [
    ['Friday afternoon', next(5), 16, 30],
    ['weekend', next(6), 12, 0],
    ['day before clocks change', change?.minus({ days: 1 }), 12, 0],
    ['day clocks change', change, 12, 0],
    ['day off', off === undefined ? undefined : DateTime.fromISO(isoDate(off), { zone }), 10, 0],
  ]
  return [
    { moment: 'now', at: now },
    ...days.flatMap(([moment, day, hour, minute]) =>
      day ? [{ moment, at: day.set({ hour, minute }).toMillis() }] : [],
    ),
  ]
}

/**
 * The days from Monday to Friday on which nobody works by these hours, this year and the next, in order; counted from 1970-01-01.
 */
export function daysOff(
  { calendar: { holidays, exceptions = [] }, exceptions: personal }: ReturnType<typeof hoursOf>,
  now: Instant,
): number[] {
  const year = new Date(now).getUTCFullYear()
  const days = [
    ...(holidays ? [year, year + 1].flatMap((one) => [...holidaysOf(holidays, one)]) : []),
    ...[...exceptions, ...personal].flatMap(({ working, from }) => (working ? [] : Date.parse(from) / DAY)),
  ]
  return days.filter((day) => new Date(day * DAY).getUTCDay() % 6 !== 0).toSorted((a, b) => a - b)
}

/** The next day on which the clocks of the zone are changed. */
function nextChange(today: DateTime): DateTime | undefined {
  return Array.from({ length: LOOK_AHEAD }, (_, i) => today.plus({ days: i + 1 })).find(
    (day) => day.offset !== day.plus({ days: 1 }).offset,
  )
}

const isoDate = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)
const dayOf = (day: DateTime): number => Date.parse(day.toISODate()!) / DAY
