import type { Instant } from '@funnel/events'

const DAY = 86_400_000

/** How the time axis of an answer is cut. Buckets begin in UTC; weeks on Monday. */
export type Bucket = 'day' | 'week' | 'month' | 'quarter' | 'year'

/** The start of the bucket that holds `at`. */
export const startOf = (bucket: Bucket, at: Instant): Instant => starts[bucket](at, new Date(at))

/** The end of the bucket that starts at `start`: the start of the next. */
export const endOf = (bucket: Bucket, start: Instant): Instant => ends[bucket](start, new Date(start))

const starts: Readonly<Record<Bucket, (at: Instant, date: Date) => Instant>> = {
  day: (at) => Math.floor(at / DAY) * DAY,
  week: (at, date) => (Math.floor(at / DAY) - ((date.getUTCDay() + 6) % 7)) * DAY,
  month: (_, date) => utc(date.getUTCFullYear(), date.getUTCMonth()),
  quarter: (_, date) => utc(date.getUTCFullYear(), date.getUTCMonth() - (date.getUTCMonth() % 3)),
  year: (_, date) => utc(date.getUTCFullYear(), 0),
}

const ends: Readonly<Record<Bucket, (start: Instant, date: Date) => Instant>> = {
  day: (start) => start + DAY,
  week: (start) => start + 7 * DAY,
  month: (_, date) => utc(date.getUTCFullYear(), date.getUTCMonth() + 1),
  quarter: (_, date) => utc(date.getUTCFullYear(), date.getUTCMonth() + 3),
  year: (_, date) => utc(date.getUTCFullYear() + 1, 0),
}

// Date.UTC takes the years 0–99 for 1900–1999
const utc = (year: number, month: number) => new Date(0).setUTCFullYear(year, month, 1)
