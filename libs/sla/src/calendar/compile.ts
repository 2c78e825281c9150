import { FunnelError, type Instant } from '@funnel/events'
import { IANAZone } from 'luxon'
import type { BusinessTime, Calendar, Exception } from './calendar.js'
import { hoursOf, type HoursOn } from './hours.js'
import { budgetOf, instantOf, YEARS } from './numbers.js'
import { stretches } from './offsets.js'

const DAY = 86_400_000

/**
 * Makes a calendar ready to count with, for one person where `personal` exceptions are given. Windows become instants,
 * year by year as they are asked for, and are kept: a question takes a binary search, over however many years. Throws
 * INVALID with every mistake of a calendar that cannot be: no window at all, an unknown zone, country or region, windows
 * that overlap or end before they begin, two exceptions for a day.
 */
export function compile(calendar: Calendar, personal: readonly Exception[] = []): BusinessTime {
  const hoursOn = hoursOf(calendar, personal)
  if ('mistakes' in hoursOn) {
    const { mistakes } = hoursOn
    const message = `The calendar ${calendar.id} has ${mistakes.length} mistake${mistakes.length > 1 ? 's' : ''}:`
    throw new FunnelError('INVALID', [message, ...mistakes].join('\n'), { calendar: calendar.id, mistakes })
  }
  return new Openings(calendar.id, IANAZone.create(calendar.zone), hoursOn)
}

/** The windows of a range of years as instants, in order, and how much time they hold. */
class Openings implements BusinessTime {
  readonly #id: string
  readonly #zone: IANAZone
  readonly #hoursOn: HoursOn
  /** What is covered: from the beginning of one year up to that of another. */
  #first: number | undefined
  #end = 0
  #opens: number[] = []
  #closes: number[] = []
  /** Open time from some fixed instant up to each opening; `#least` and `#most`: up to the ends of what is covered. */
  #before: number[] = []
  #least = 0
  #most = 0

  constructor(id: string, zone: IANAZone, hoursOn: HoursOn) {
    this.#id = id
    this.#zone = zone
    this.#hoursOn = hoursOn
  }

  add(from: Instant, budget: number): Instant {
    if (budgetOf(budget) === 0) return instantOf(from)
    const goal = this.#until(from) + budget
    while (this.#most < goal) {
      if (this.#end === YEARS.to)
        throw new FunnelError('INVALID', `The calendar ${this.#id} has less than ${budget} ms up to ${YEARS.to}`, {
          calendar: this.#id,
          from,
          budget,
        })
      this.#append(this.#end)
    }
    const i = lastWhere(this.#before, (before) => before < goal)
    return this.#opens[i]! + goal - this.#before[i]!
  }

  between(from: Instant, to: Instant): number {
    return this.#until(to) - this.#until(from)
  }

  /** Open time from some fixed instant until this one. */
  #until(instant: Instant): number {
    this.#cover(instant)
    const i = lastWhere(this.#opens, (opens) => opens <= instant)
    return i < 0 ? this.#least : this.#before[i]! + Math.min(instant, this.#closes[i]!) - this.#opens[i]!
  }

  #cover(instant: Instant): void {
    const year = Math.min(new Date(instantOf(instant)).getUTCFullYear(), YEARS.to - 1)
    if (this.#first === undefined) {
      this.#first = this.#end = year
      this.#append(year)
    }
    while (year >= this.#end) this.#append(this.#end)
    while (year < this.#first) this.#prepend(--this.#first)
  }

  #append(year: number): void {
    for (const { from, to } of openingsIn(year, this.#zone, this.#hoursOn)) {
      this.#opens.push(from)
      this.#closes.push(to)
      this.#before.push(this.#most)
      this.#most += to - from
    }
    this.#end = year + 1
  }

  #prepend(year: number): void {
    const openings = openingsIn(year, this.#zone, this.#hoursOn)
    this.#least -= openings.reduce((sum, { from, to }) => sum + to - from, 0)
    let before = this.#least
    const befores = openings.map(({ from, to }) => (before += to - from) - (to - from))
    this.#opens = [...openings.map(({ from }) => from), ...this.#opens]
    this.#closes = [...openings.map(({ to }) => to), ...this.#closes]
    this.#before = [...befores, ...this.#before]
  }
}

interface Opening {
  readonly from: Instant
  to: Instant
}

/** The windows of a year (of UTC) as instants; those that touch are one. */
function openingsIn(year: number, zone: IANAZone, hoursOn: HoursOn): readonly Opening[] {
  const openings: Opening[] = []
  for (const { from, to, offset } of stretches(zone, Date.UTC(year, 0), Date.UTC(year + 1, 0))) {
    // windows of the day before may go on in the morning
    const first = Math.floor((from + offset) / DAY) - 1
    const last = Math.floor((to - 1 + offset) / DAY)
    for (let day = first; day <= last; day++)
      for (const hours of hoursOn(day)) {
        const opens = Math.max(day * DAY + hours.from - offset, from)
        const closes = Math.min(day * DAY + hours.to - offset, to)
        const before = openings.at(-1)
        if (opens >= closes) continue
        if (before?.to === opens) before.to = closes
        else openings.push({ from: opens, to: closes })
      }
  }
  return openings
}

/** The index of the last of ascending numbers for which it holds; -1 where it holds for none. */
function lastWhere(ascending: readonly number[], holds: (number: number) => boolean): number {
  let [low, high] = [-1, ascending.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (holds(ascending[middle]!)) low = middle
    else high = middle
  }
  return low
}
