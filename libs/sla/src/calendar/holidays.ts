import { createRequire } from 'node:module'
import type HolidaysOf from 'date-holidays'
import type { Holidays } from './calendar.js'
import { dayOf } from './day.js'

const DAY = 86_400_000
const require = createRequire(import.meta.url)
const { name, version } = require('date-holidays/package.json') as Record<string, string>
/** Read when the first calendar asks for it: its rules take 30 MB, and most processes need none. */
const rules = () => require('date-holidays') as typeof HolidaysOf

/**
 * Where public holidays come from, and which version of it, such as `date-holidays 3.30.0`: what a verdict over a calendar
 * with holidays rests on. Without an @, by which events would take it for an e-mail address.
 */
export const holidaySource = `${name} ${version}`

/** What is wrong with these holidays, one line each. */
export function holidayMistakes({ country, region }: Holidays): string[] {
  const Source = rules()
  const source = new Source()
  if (!has(source.getCountries(), country)) return [`there are no holidays of the country ${country}`]
  const regions = source.getStates(country)
  if (region === undefined || has(regions, region)) return []
  const known = Object.keys(regions ?? {}).join(', ') || 'none'
  return [`there are no holidays of the region ${region} of ${country}; there are ${known}`]
}

/**
 * The public holidays that begin in a year, as numbers of days. One that begins in the course of a day, such as at noon of
 * 24 December, closes no day: enter an exception where it does. The holidays must be without mistake.
 */
export function holidaysOf({ country, region }: Holidays, year: number): ReadonlySet<number> {
  const key = `${country} ${region ?? ''} ${year}`
  let days = known.get(key)
  if (!days) known.set(key, (days = new Set(publicDays(region ? [country, region] : [country], year))))
  return days
}

/** Shared by all calendars, as those of all people in a country are alike. */
const known = new Map<string, ReadonlySet<number>>()

function publicDays([country, region]: readonly string[], year: number): number[] {
  const only = { types: ['public' as const] }
  const Source = rules()
  const source = region ? new Source(country!, region, only) : new Source(country!, only)
  return source.getHolidays(year).flatMap(({ date, start, end }) => {
    if (!/^\d{4}-\d{2}-\d{2} 00:00:00/.test(date)) return []
    // hours that clocks are put forward or back by do not make another day
    const days = Math.round((end.getTime() - start.getTime()) / DAY)
    const first = dayOf(date.slice(0, 10))!
    return Array.from({ length: days }, (_, i) => first + i)
  })
}

const has = (names: Readonly<Record<string, string>> | undefined, name: string) =>
  names !== undefined && Object.hasOwn(names, name)
