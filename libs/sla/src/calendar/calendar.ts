import type { Instant } from '@funnel/events'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/**
 * From one time of day up to another, which is not part of it: `09:00` to `17:00`, at most to `24:00`. One that is
 * `overnight` ends on the next day and belongs to the day on which it begins.
 */
export interface Window {
  readonly from: string
  readonly to: string
  readonly overnight?: boolean
}

/** The windows of each day of the week; a day that is not named is closed. */
export type Week = { readonly [day in Weekday]?: readonly Window[] }

/**
 * The public holidays of a country (ISO 3166-1), and of a region of it (the second part of ISO 3166-2, as in DE-BY) where
 * one is named.
 */
export interface Holidays {
  readonly country: string
  readonly region?: string
}

/**
 * Days that are not as usual, `from` the first `to` the last of them (absent: one day), as `2026-12-24`. Days that are
 * `working` have these windows, or where there are none those of their weekday, whether they are holidays or not.
 */
export type Exception = {
  readonly from: string
  readonly to?: string
  readonly why?: string
} & ({ readonly working: false } | { readonly working: true; readonly windows?: readonly Window[] })

/**
 * When work is done, as data. An exception wins over a holiday, and that over the week.
 *
 * An instant is open if the clock on the wall of the zone, at that instant, reads a time inside a window. So a window
 * inside the hour that is left out in spring is not there on that day, and one inside the hour that comes twice in autumn
 * is there twice.
 */
export interface Calendar {
  readonly id: string
  readonly version: number
  /** By its IANA name, such as `Europe/Berlin`. */
  readonly zone: string
  /** `always`: 24 hours on 7 days. */
  readonly week: Week | 'always'
  readonly holidays?: Holidays
  readonly exceptions?: readonly Exception[]
}

/** Time that counts: that of a calendar, or all of it. In milliseconds, exactly. */
export interface BusinessTime {
  /**
   * When a budget is used up: the earliest instant, not before `from`, by which so much time that counts has passed since.
   * An instant outside of the windows counts as the next opening. Never earlier for a later `from` or a greater budget;
   * budgets add:
   * `add(add(t, a), b) === add(t, a + b)`. Throws INVALID for a budget that is negative, no whole number, or never used up.
   */
  add(from: Instant, budget: number): Instant
  /** How much time that counts lies between two instants; negative if `to` is before `from`. `between(t, add(t, a)) === a`. */
  between(from: Instant, to: Instant): number
}
