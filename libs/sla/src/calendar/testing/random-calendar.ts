import fc from 'fast-check'
import { weekdays, type Calendar, type Exception, type Window } from '../calendar.js'

/** Zones, and days about which their clocks are changed or the calendar has something of its own. */
const moments: readonly (readonly [zone: string, ...dates: string[]])[] = [
  ['Europe/Berlin', '2026-03-29', '2026-10-25', '2028-02-29'],
  ['America/New_York', '2026-03-08', '2026-11-01', '2024-02-29'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-10-04'], // by half an hour
  ['Antarctica/Troll', '2026-03-29', '2026-10-25'], // by two hours
  ['Europe/Dublin', '2026-03-29', '2026-10-25'],
  ['America/Sao_Paulo', '2018-11-04', '2018-02-18'], // at midnight
  ['Asia/Beirut', '2026-03-29', '2026-10-25'], // at midnight
  ['Africa/Casablanca', '2026-02-15', '2026-03-22'],
  ['Pacific/Apia', '2011-12-30'], // a day that was left out
  ['Asia/Kolkata', '2026-07-13', '2000-02-29'],
  ['Asia/Kathmandu', '2026-01-01'],
  ['Pacific/Chatham', '2026-04-05', '2026-09-27'],
  ['America/St_Johns', '2026-03-08', '2006-10-29'], // at one minute past midnight
  ['UTC', '2026-12-31'],
]

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 0, 15, 30, 45, 59, 1))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)

/** Windows of a day that do not overlap; the last one may end at midnight. None begins before noon where nights are worked. */
const windows: fc.Arbitrary<readonly Window[]> = fc
  .uniqueArray(time, { maxLength: 6 })
  .map((times) => times.toSorted())
  .chain((times) => fc.constantFrom(times, [...times, '24:00']))
  .map((times) => times.flatMap((from, i) => (i % 2 === 0 && times[i + 1] ? [{ from, to: times[i + 1]! }] : [])))
const nights: fc.Arbitrary<readonly Window[]> = fc.tuple(windows, time, time).map(([windows, from, to]) => {
  const [start, end] = [from < '12:00' ? '22:30' : from, to > '12:00' ? '05:45' : to]
  const day = windows.filter((w) => w.from >= '12:00' && w.to <= start)
  return [...day, { from: start, to: end, overnight: true }]
})

const dateAfter = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T12:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

const exceptionsAbout = (date: string, hours: fc.Arbitrary<readonly Window[]>): fc.Arbitrary<readonly Exception[]> =>
  fc.uniqueArray(
    fc
      .tuple(fc.integer({ min: -5, max: 5 }), fc.boolean(), fc.option(hours, { nil: undefined }))
      .map(([day, working, windows]): Exception => {
        const from = dateAfter(date, day)
        if (!working) return { from, working }
        return windows?.length ? { from, working, windows } : { from, working }
      }),
    { maxLength: 5, selector: ({ from }) => from },
  )

/** A calendar, one person's exceptions, and the day about which it is interesting. */
export interface RandomCalendar {
  readonly calendar: Calendar
  readonly personal: readonly Exception[]
  readonly date: string
}

export const randomCalendar: fc.Arbitrary<RandomCalendar> = fc
  .tuple(fc.constantFrom(...moments), fc.nat(), fc.constantFrom('days', 'nights', 'always'))
  .chain(([[zone, ...dates], pick, kind]) => {
    const date = dates[pick % dates.length]!
    const hours = kind === 'nights' ? nights : windows
    const week = fc.record(Object.fromEntries(weekdays.map((day) => [day, fc.oneof(hours, fc.constant([]))])))
    return fc
      .tuple(
        kind === 'always' ? fc.constant('always' as const) : week,
        exceptionsAbout(date, hours),
        exceptionsAbout(date, hours),
      )
      .map(([week, exceptions, personal]) => ({
        calendar: { id: 'random', version: 1, zone, week, exceptions },
        personal,
        date,
      }))
  })
  .filter(
    ({ calendar: { week, exceptions } }) =>
      week === 'always' ||
      Object.values(week).some((day) => day.length > 0) ||
      exceptions.some((one) => one.working && one.windows),
  )
