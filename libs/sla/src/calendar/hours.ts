import { IANAZone } from 'luxon'
import { weekdays, type Calendar, type Exception, type Window } from './calendar.js'
import { dateOf, dayOf, weekdayOf, yearOf } from './day.js'
import { holidayMistakes, holidaysOf } from './holidays.js'

const MINUTE = 60_000
const DAY = 86_400_000
/** Ten years: longer exceptions are mistyped years. */
const LONGEST = 3660

/**
 * A window in milliseconds since the midnight that its day begins with, by the clock on the wall; beyond 24 hours where it
 * is overnight.
 */
export interface Hours {
  readonly from: number
  readonly to: number
}

/** The windows that begin on a day, in order and apart from each other. */
export type HoursOn = (day: number) => readonly Hours[]

/**
 * The hours of each day; or the mistakes, one line each. `personal` exceptions are those of one person and win over the
 * calendar's.
 */
export function hoursOf(calendar: Calendar, personal: readonly Exception[]): HoursOn | { readonly mistakes: string[] } {
  const { zone, week, holidays, exceptions = [] } = calendar
  const lists = [
    { name: 'exception', exceptions },
    { name: 'personal exception', exceptions: personal },
  ]
  const mistakes = [
    ...(isZone(zone) ? [] : [`there is no zone ${zone}; name one as IANA does, such as Europe/Berlin`]),
    ...(week === 'always' ? [] : weekdays.flatMap((day) => windowMistakes(day, week[day] ?? []))),
    ...(holidays ? holidayMistakes(holidays) : []),
    ...lists.flatMap(({ name, exceptions }) => exceptionMistakes(name, exceptions)),
  ]
  if (mistakes.length) return { mistakes }

  const usual = new Map(
    weekdays.map((day) => [day, week === 'always' ? ALL_DAY : (week[day] ?? []).map(toHours).sort(byStart)]),
  )
  const special = new Map<number, readonly Hours[]>()
  for (const exception of [...exceptions, ...personal])
    for (const day of daysOf(exception)) special.set(day, specialHours(exception, usual.get(weekdayOf(day))!))
  const hoursOn: HoursOn = (day) => special.get(day) ?? (isHoliday(holidays, day) ? [] : usual.get(weekdayOf(day))!)

  const found = [...overlapsInWeek(usual), ...overlapsAround([...special.keys()], hoursOn)]
  const open = (hours: Iterable<readonly Hours[]>) => [...hours].some(({ length }) => length)
  if (!open(usual.values()) && !open(special.values())) found.push('has no window at all: no budget is ever used up')
  return found.length ? { mistakes: found } : hoursOn
}

const ALL_DAY: readonly Hours[] = [{ from: 0, to: DAY }]

/** Offsets such as +02:00 are none: they know nothing of daylight saving. */
const isZone = (zone: string) => /^[A-Za-z]/.test(zone) && IANAZone.isValidZone(zone)

/** Those that began in the year before may go on in this one. */
const isHoliday = (holidays: Calendar['holidays'], day: number): boolean =>
  holidays !== undefined && [0, 1].some((before) => holidaysOf(holidays, yearOf(day) - before).has(day))

const specialHours = (exception: Exception, usual: readonly Hours[]): readonly Hours[] =>
  exception.working ? (exception.windows?.map(toHours).sort(byStart) ?? usual) : []

const byStart = (a: Hours, b: Hours): number => a.from - b.from

const toHours = ({ from, to, overnight }: Window): Hours => ({
  from: timeOf(from)!,
  to: timeOf(to)! + (overnight ? DAY : 0),
})

/** Milliseconds since midnight of `09:00`, up to `24:00`; undefined if it is no time of day. */
function timeOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? (text === '24:00' ? ['', '24', '0'] : [])
  return hours === undefined ? undefined : (Number(hours) * 60 + Number(minutes)) * MINUTE
}

function windowMistakes(day: string, windows: readonly Window[]): string[] {
  return windows.flatMap(({ from, to, overnight = false }) => {
    const told = `${day} ${from} to ${to}`
    const [start, end] = [timeOf(from), timeOf(to)]
    if (start === undefined || end === undefined || start === DAY)
      return [`${told}: times are 00:00 to 23:59, and 24:00 for an end`]
    if (overnight && end > start) return [`${told}: is longer than a day; it is not overnight`]
    if (!overnight && end < start)
      return [`${told}: ends before it begins; say that it is overnight if it ends on the next day`]
    if (!overnight && end === start) return [`${told}: is empty`]
    return []
  })
}

function exceptionMistakes(name: string, exceptions: readonly Exception[]): string[] {
  const mistakes = exceptions.flatMap((exception) => {
    const { from, to = from, working } = exception
    const told = to === from ? `${name} ${from}` : `${name} ${from} to ${to}`
    const [first, last] = [dayOf(from), dayOf(to)]
    if (first === undefined || last === undefined) return [`${told}: is no date, such as 2026-12-24`]
    if (last < first) return [`${told}: ends before it begins`]
    if (last - first >= LONGEST) return [`${told}: is longer than ${LONGEST} days`]
    if (!working) return []
    if (exception.windows?.length === 0) return [`${told}: has no windows; say that it is not working`]
    return windowMistakes(told, exception.windows ?? [])
  })
  if (mistakes.length) return mistakes
  const once = new Set<number>()
  const twice = exceptions.flatMap(daysOf).filter((day) => once.size === once.add(day).size)
  return [...new Set(twice)].map((day) => `${name} ${dateOf(day)}: there are two for this day`)
}

function daysOf({ from, to = from }: Exception): number[] {
  const first = dayOf(from)!
  return Array.from({ length: dayOf(to)! - first + 1 }, (_, i) => first + i)
}

const overlapsInWeek = (usual: ReadonlyMap<string, readonly Hours[]>): string[] =>
  weekdays.flatMap((day, i) =>
    overlap(usual.get(day)!, usual.get(weekdays[(i + 1) % 7]!)!) ? [`${day}: a window overlaps the next one`] : [],
  )

/** Exceptions may begin while the night shift of the day before goes on, or end in the morning of a usual day. */
function overlapsAround(days: readonly number[], hoursOn: HoursOn): string[] {
  const concerned = [...new Set(days.flatMap((day) => (hoursOn(day).length ? [day - 1, day] : [])))]
  return concerned.flatMap((day) =>
    overlap(hoursOn(day), hoursOn(day + 1)) ? [`${dateOf(day)}: a window overlaps the next one`] : [],
  )
}

/** Whether a window of a day reaches into another one of that day or of the next. */
const overlap = (hours: readonly Hours[], nextDay: readonly Hours[]): boolean =>
  hours.some(({ to }, i) => to > (hours[i + 1]?.from ?? DAY + (nextDay[0]?.from ?? DAY)))
