import { weekdays, type Weekday } from './calendar.js'

const DAY = 86_400_000

/** The number of a day, counted from 1970-01-01, which is 0; undefined if it is none, such as 2026-02-30. */
export function dayOf(date: string): number | undefined {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  return new Date(instant || 0).toISOString().startsWith(date) ? instant / DAY : undefined
}

export const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

export const yearOf = (day: number): number => new Date(day * DAY).getUTCFullYear()

/** Day 0 was a Thursday. */
export const weekdayOf = (day: number): Weekday => weekdays[(((day + 3) % 7) + 7) % 7]!
