import { describe, expect, it } from '@jest/globals'
import HolidaysOf from 'date-holidays'
import type { Calendar, Exception, Window } from './calendar.js'
import { compile } from './compile.js'
import { yearOf } from './day.js'
import { holidaySource, holidaysOf } from './holidays.js'
import { always, berlin, newYork } from './testing/calendars.js'
import { wallTime } from './wall-time.js'

const HOUR = 3_600_000
const MINUTE = 60_000
const at = (text: string) => Date.parse(text)
const due = (calendar: Calendar, from: string, budget: number, personal: readonly Exception[] = []) =>
  new Date(compile(calendar, personal).add(at(from), budget)).toISOString()
const iso = (text: string) => new Date(at(text)).toISOString()
const night: Window = { from: '22:00', to: '06:00', overnight: true }

describe('rows 16, 17 and 18: the due times of METRICS.md 4.12', () => {
  it.each<[row: string, Calendar, from: string, budget: number, due: string]>([
    ['18: over a weekend', newYork, '2026-07-10T16:30-04:00', HOUR, '2026-07-13T09:30-04:00'],
    ['18: from a Saturday, not Tuesday', newYork, '2026-07-11T20:00-04:00', HOUR, '2026-07-13T10:00-04:00'],
    ['17: over a holiday', newYork, '2026-07-02T16:00-04:00', 2 * HOUR, '2026-07-06T10:00-04:00'],
    [
      '18: from the close of day, which is half-open',
      newYork,
      '2026-07-13T17:00-04:00',
      1000,
      '2026-07-14T09:00:01-04:00',
    ],
    ['16: over lunch', berlin, '2026-07-13T11:45+02:00', 30 * MINUTE, '2026-07-13T13:45+02:00'],
    ['16: from lunch', berlin, '2026-07-13T12:30+02:00', 15 * MINUTE, '2026-07-13T13:45+02:00'],
    ['17: at 14:00Z in Berlin', berlin, '2026-07-13T14:00Z', HOUR, '2026-07-13T17:00+02:00'],
    ['17: at 14:00Z in New York', newYork, '2026-07-13T14:00Z', HOUR, '2026-07-13T11:00-04:00'],
    ['18: a day that lacks an hour', always, '2026-03-28T12:00+01:00', 24 * HOUR, '2026-03-29T13:00+02:00'],
    ['18: a day with an hour twice', always, '2026-10-24T12:00+02:00', 24 * HOUR, '2026-10-25T11:00+01:00'],
  ])('row %s', (_, calendar, from, budget, expected) => {
    expect(due(calendar, from, budget)).toBe(iso(expected))
    expect(compile(calendar).between(at(from), at(expected))).toBe(budget)
    expect(compile(calendar).between(at(expected), at(from))).toBe(-budget)
  })

  it('row 19: from Monday 10:00 to Wednesday 10:00 there are 57,600 business seconds', () => {
    expect(compile(newYork).between(at('2026-07-13T10:00-04:00'), at('2026-07-15T10:00-04:00'))).toBe(57_600_000)
  })
})

describe('row 18: boundaries', () => {
  it('a budget that ends with the day is used up at its close', () => {
    expect(due(newYork, '2026-07-13T16:00-04:00', HOUR)).toBe(iso('2026-07-13T17:00-04:00'))
    expect(due(newYork, '2026-07-13T16:00-04:00', HOUR + 1)).toBe(iso('2026-07-14T09:00:00.001-04:00'))
  })

  it('no budget is used up at once, be it open or not', () => {
    expect(due(newYork, '2026-07-11T20:00-04:00', 0)).toBe(iso('2026-07-11T20:00-04:00'))
  })

  it('a leap day is a day', () => {
    expect(due(newYork, '2028-02-28T16:00-05:00', 9 * HOUR)).toBe(iso('2028-02-29T17:00-05:00'))
  })

  it('a night shift that begins on New Year’s Eve is not cut by the year', () => {
    const nights: Calendar = { ...berlin, week: { thu: [night] } }
    expect(due(nights, '2026-12-31T20:00+01:00', 8 * HOUR)).toBe(iso('2027-01-01T06:00+01:00'))
  })

  it('a night shift has an hour less in spring and one more in autumn', () => {
    const shift = (from: string, to: string) =>
      compile({ ...berlin, week: { sat: [night] } }).between(at(from), at(to)) / HOUR
    expect(shift('2026-03-28T00:00Z', '2026-03-30T00:00Z')).toBe(7)
    expect(shift('2026-04-04T00:00Z', '2026-04-06T00:00Z')).toBe(8)
    expect(shift('2026-10-24T00:00Z', '2026-10-26T00:00Z')).toBe(9)
  })

  it('a window in the hour that is left out is not there, and one in the hour that comes twice is there twice', () => {
    const early = compile({ ...berlin, week: { sun: [{ from: '02:00', to: '02:30' }] } })
    expect(early.between(at('2026-03-28T00:00Z'), at('2026-03-30T00:00Z'))).toBe(0)
    expect(early.between(at('2026-10-24T00:00Z'), at('2026-10-26T00:00Z'))).toBe(HOUR)
  })

  it('a day that a zone left out has no windows: Samoa, 30 December 2011', () => {
    const samoa = compile({ ...always, zone: 'Pacific/Apia', week: { fri: [{ from: '00:00', to: '24:00' }] } })
    expect(samoa.between(at('2011-12-28T00:00Z'), at('2012-01-02T00:00Z'))).toBe(0)
    expect(samoa.between(at('2012-01-04T00:00Z'), at('2012-01-09T00:00Z'))).toBe(24 * HOUR)
  })

  it('clocks may be changed by seconds: Monrovia, by 44 minutes and 30 seconds in 1972', () => {
    const monrovia = compile({ ...always, zone: 'Africa/Monrovia', week: { fri: [{ from: '00:00', to: '24:00' }] } })
    const day = 24 * HOUR - 44 * MINUTE - 30_000
    expect(monrovia.between(at('1972-01-06T00:00Z'), at('1972-01-09T00:00Z'))).toBe(day)
    expect(monrovia.add(at('1972-01-06T00:00Z'), day)).toBe(at('1972-01-08T00:00Z'))
  })

  it('years are covered in whatever order they are asked for', () => {
    const [forth, back] = [compile(newYork), compile(newYork)]
    const [first, ...later] = Array.from({ length: 12 }, (_, i) => Date.UTC(2020 + i, 5, 15, 15))
    const sums = later.map((year) => forth.between(first!, year))
    expect(later.toReversed().map((year) => -back.between(year, first!))).toEqual(sums.toReversed())
    expect(sums.map((sum) => back.add(first!, sum))).toEqual(sums.map((sum) => forth.add(first!, sum)))
  })
})

describe('row 17: holidays and exceptions', () => {
  const day = (from: string, calendar: Calendar, personal: readonly Exception[] = []) =>
    compile(calendar, personal).between(at(`${from}T00:00Z`), at(`${from}T23:59Z`)) / HOUR

  it.each([
    ['DE', 'BY', '2026-06-04', 'Corpus Christi is one in Bavaria', 0],
    ['DE', 'BE', '2026-06-04', 'but not in Berlin', 8.5],
    ['DE', undefined, '2026-04-03', 'Good Friday is one all over Germany', 0],
    ['DE', undefined, '2026-12-24', 'Christmas Eve is none', 8.5],
    ['US', undefined, '2026-07-03', 'Independence Day is kept on the Friday', 0],
    ['US', undefined, '2026-11-26', 'Thanksgiving', 0],
    ['IS', undefined, '2026-12-24', 'one that begins at noon closes no day', 8.5],
    ['TR', undefined, '2026-05-28', 'one of several days closes each', 0],
  ])('%s %s %s: %s', (country, region, date, _, hours) => {
    const holidays = region ? { country, region } : { country }
    expect(day(date, { ...berlin, holidays })).toBe(hours)
  })

  it('begin in their year, as whole days, in every country of the source', () => {
    for (const country of Object.keys(new HolidaysOf().getCountries())) {
      const days = [...holidaysOf({ country }, 2026)]
      expect({ country, some: days.length > 2 }).toEqual({ country, some: true })
      for (const day of days) expect([2026, 2027]).toContain(yearOf(day))
    }
  })

  it('name where they come from', () => {
    expect(holidaySource).toMatch(/^date-holidays \d+\.\d+\.\d+$/)
  })

  it('an exception wins over a holiday, and a personal one over both', () => {
    const german: Calendar = { ...berlin, holidays: { country: 'DE' } }
    const open: Exception = { from: '2026-04-03', working: true }
    const short: Exception = {
      from: '2026-04-01',
      to: '2026-04-03',
      working: true,
      windows: [{ from: '10:00', to: '12:00' }],
    }
    const away: Exception = { from: '2026-04-03', working: false }
    expect(day('2026-04-03', german)).toBe(0)
    expect(day('2026-04-03', { ...german, exceptions: [open] })).toBe(8.5)
    expect(day('2026-04-03', { ...german, exceptions: [open] }, [short])).toBe(2)
    expect(day('2026-04-02', { ...german, exceptions: [open] }, [short])).toBe(2)
    expect(day('2026-04-04', { ...german, exceptions: [open] }, [short])).toBe(0)
    expect(day('2026-04-03', { ...german, exceptions: [open] }, [away])).toBe(0)
  })

  it('the vacation of a person moves the due time', () => {
    const away: Exception = { from: '2026-07-13', to: '2026-07-17', working: false, why: 'vacation' }
    expect(due(berlin, '2026-07-10T17:30+02:00', HOUR, [away])).toBe(iso('2026-07-20T08:30+02:00'))
  })

  it('the night shift before a holiday goes on into its morning', () => {
    const nights: Calendar = { ...berlin, week: { thu: [night], fri: [night] }, holidays: { country: 'DE' } }
    const week = compile(nights).between(at('2026-04-02T12:00Z'), at('2026-04-04T12:00Z'))
    expect(week).toBe(8 * HOUR)
  })
})

describe('a calendar that cannot be', () => {
  const mistakes = (change: Partial<Calendar>, personal: readonly Exception[] = []): readonly string[] => {
    try {
      compile({ ...berlin, ...change }, personal)
      return []
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID', details: { calendar: 'berlin' } })
      return (error as { details: { mistakes: string[] } }).details.mistakes
    }
  }
  const on = (...windows: Window[]) => mistakes({ week: { mon: windows } })

  it.each<[string, readonly string[], RegExp]>([
    ['no window', mistakes({ week: {} }), /no window at all/],
    [
      'no window, but on days that are none',
      mistakes({ week: {}, exceptions: [{ from: '2026-01-01', working: true }] }),
      /no window at all/,
    ],
    ['an unknown zone', mistakes({ zone: 'Europe/Atlantis' }), /no zone Europe\/Atlantis/],
    ['an offset', mistakes({ zone: '+02:00' }), /no zone \+02:00/],
    ['an unknown country', mistakes({ holidays: { country: 'XX' } }), /country XX/],
    ['a name that every object has', mistakes({ holidays: { country: 'constructor' } }), /country constructor/],
    ['an unknown region', mistakes({ holidays: { country: 'DE', region: 'XX' } }), /region XX of DE; there are BB, BE/],
    ['a region of a country without', mistakes({ holidays: { country: 'VA', region: 'X' } }), /there are none/],
    ['an end before the beginning', on({ from: '17:00', to: '09:00' }), /mon 17:00 to 09:00: ends before it begins/],
    ['nothing', on({ from: '09:00', to: '09:00' }), /is empty/],
    ['more than a day', on({ from: '09:00', to: '17:00', overnight: true }), /longer than a day/],
    ['no time', on({ from: '9:00', to: '17:00' }), /times are/],
    ['the end of the day as a beginning', on({ from: '24:00', to: '24:00' }), /times are/],
    ['an overlap', on({ from: '12:00', to: '18:00' }, { from: '09:00', to: '12:01' }), /mon: a window overlaps/],
    [
      'an overlap with the next morning',
      mistakes({ week: { sun: [night], mon: [{ from: '05:59', to: '07:00' }] } }),
      /sun: a window overlaps/,
    ],
    [
      'an overlap with an exception',
      mistakes({
        week: { mon: [night] },
        exceptions: [{ from: '2026-07-14', working: true, windows: [{ from: '05:00', to: '09:00' }] }],
      }),
      /2026-07-13: a window overlaps/,
    ],
    [
      'an exception that overlaps the usual morning',
      mistakes({
        exceptions: [{ from: '2026-07-13', working: true, windows: [{ from: '23:00', to: '08:01', overnight: true }] }],
      }),
      /2026-07-13: a window overlaps/,
    ],
    ['no date', mistakes({ exceptions: [{ from: '2026-02-30', working: false }] }), /2026-02-30: is no date/],
    [
      'dates in the wrong order',
      mistakes({ exceptions: [{ from: '2026-02-03', to: '2026-02-02', working: false }] }),
      /ends before/,
    ],
    [
      'a mistyped year',
      mistakes({ exceptions: [{ from: '2026-02-03', to: '2206-02-02', working: false }] }),
      /longer than/,
    ],
    ['no windows', mistakes({ exceptions: [{ from: '2026-02-03', working: true, windows: [] }] }), /not working/],
    [
      'two exceptions for a day',
      mistakes({
        exceptions: [
          { from: '2026-02-01', to: '2026-02-03', working: false },
          { from: '2026-02-03', working: true },
        ],
      }),
      /exception 2026-02-03: there are two/,
    ],
    ['a personal mistake', mistakes({}, [{ from: 'soon', working: false }]), /personal exception soon/],
  ])('has %s', (_, found, message) => {
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
  })

  it('is told with all its mistakes', () => {
    expect(
      mistakes({ zone: 'Mars', week: { mon: [{ from: 'a', to: 'b' }], tue: [{ from: '9', to: '10' }] } }),
    ).toHaveLength(3)
  })

  it('is none where windows touch, or a night shift ends as the next begins', () => {
    expect(on({ from: '12:00', to: '18:00' }, { from: '09:00', to: '12:00' })).toEqual([])
    expect(mistakes({ week: { sun: [night], mon: [{ from: '06:00', to: '07:00' }] } })).toEqual([])
    expect(mistakes({ week: { sun: [{ from: '09:00', to: '09:00', overnight: true }] } })).toEqual([])
  })
})

describe('what cannot be counted', () => {
  it.each<[string, () => number]>([
    ['a negative budget', () => compile(berlin).add(0, -1)],
    ['half a millisecond', () => compile(berlin).add(0, 0.5)],
    ['no number', () => compile(berlin).add(Number.NaN, 1)],
    ['what was before', () => compile(berlin).between(-1, 0)],
    ['what comes after', () => compile(berlin).between(0, Date.UTC(2100, 0) + 1)],
    ['more than there is', () => compile(berlin).add(Date.UTC(2099, 0), 400 * 24 * HOUR)],
    ['by the clock on the wall, a negative budget', () => wallTime.add(0, -1)],
    ['by the clock on the wall, what comes after', () => wallTime.add(Date.UTC(2100, 0), 1)],
    ['by the clock on the wall, no number', () => wallTime.between(0, Number.NaN)],
  ])('is refused: %s', (_, count) => {
    expect(count).toThrow(expect.objectContaining({ code: 'INVALID' }))
  })

  it('but the last instant can', () => {
    const end = Date.UTC(2100, 0)
    expect(compile(always).add(end - 1, 1)).toBe(end)
    expect(compile(always).between(0, end)).toBe(end)
    expect(wallTime.add(end - 1, 1)).toBe(end)
    expect(wallTime.between(5, 3)).toBe(-2)
  })
})
