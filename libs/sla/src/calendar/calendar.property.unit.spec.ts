import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { BusinessTime } from './calendar.js'
import { compile } from './compile.js'
import { randomCalendar, type RandomCalendar } from './testing/random-calendar.js'
import { openMinutes, walkAdd, walkBetween } from './testing/walker.js'

const MINUTE = 60_000
const DAY = 86_400_000
/** Days on both sides of the one that is interesting. */
const REACH = 3
const CALENDARS = 130
const QUESTIONS = 960
const seed = Number(process.env.FUNNEL_SEED ?? 18)

interface Counted {
  readonly time: BusinessTime
  readonly first: number
  readonly end: number
}

const counted = ({ calendar, personal, date }: RandomCalendar): Counted => {
  const middle = Date.parse(`${date}T00:00Z`)
  return { time: compile(calendar, personal), first: middle - REACH * DAY, end: middle + REACH * DAY }
}

describe('rows 16, 17 and 18: business time', () => {
  it(`is what walking from minute to minute gives, over 100,000 times`, () => {
    let compared = 0
    const same = (found: number, walked: number, question: string) => {
      compared++
      if (found !== walked) throw new Error(`${question}: ${found}, walked ${walked}`)
    }
    fc.assert(
      fc.property(randomCalendar, fc.nat(), (random, start) => {
        const { time, first, end } = counted(random)
        const minutes = openMinutes(random.calendar, random.personal, first, (end - first) / MINUTE)
        const draw = drawing(start)
        for (let i = 0; i < QUESTIONS / 3; i++) {
          // half of them about whole minutes, where windows begin and end
          const unit = i % 2 ? 1 : MINUTE
          const from = first + draw((end - first) / unit) * unit
          const to = first + draw((end - first) / unit) * unit
          const [a, b] = from < to ? [from, to] : [to, from]
          const used = walkBetween(minutes, first, a, b)
          same(time.between(a, b), used, `between ${a} and ${b}`)
          same(time.add(a, used), walkAdd(minutes, first, a, used)!, `add ${used} to ${a}`)
          const budget = draw((i % 4 < 2 ? DAY / 2 : 2 * DAY) / unit) * unit
          const due = walkAdd(minutes, first, from, budget)
          if (due !== undefined) same(time.add(from, budget), due, `add ${budget} to ${from}`)
        }
      }),
      { numRuns: CALENDARS, seed, endOnFailure: true },
    )
    expect(compared).toBeGreaterThanOrEqual(100_000)
  })

  const instants = (count: number) =>
    fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(1, MINUTE, 15 * MINUTE)),
      {
        minLength: count,
        maxLength: count,
      },
    )
  const placed = ({ first, end }: Counted, [share, unit]: readonly [number, number]) =>
    first + Math.floor(((end - first) * share) / unit) * unit
  const budget = fc.oneof(
    fc.integer({ min: 0, max: 3 * DAY }),
    fc.integer({ min: 0, max: 300 }).map((n) => n * 15 * MINUTE),
  )

  it('is due later for a later start and for a greater budget, never before the start, and budgets add', () => {
    fc.assert(
      fc.property(randomCalendar, instants(2), budget, budget, (random, drawn, a, b) => {
        const here = counted(random)
        const [from, later] = drawn.map((one) => placed(here, one)).sort((x, y) => x - y) as [number, number]
        const { add, between } = bound(here.time)
        let due: number
        try {
          due = add(later, a + b)
        } catch {
          return // a calendar of exceptions alone, which were used up
        }
        expect(add(from, a)).toBeGreaterThanOrEqual(from)
        expect(add(from, a)).toBeLessThanOrEqual(add(later, a))
        expect(add(later, a)).toBeLessThanOrEqual(due)
        expect(add(add(later, a), b)).toBe(due)
        expect(between(later, due)).toBe(a + b)
        if (due > later) expect(between(later, due - 1)).toBeLessThan(a + b)
      }),
      { numRuns: 500, seed },
    )
  })

  it('between instants adds up, and changes its sign with its direction', () => {
    fc.assert(
      fc.property(randomCalendar, instants(3), (random, drawn) => {
        const here = counted(random)
        const [a, b, c] = drawn.map((one) => placed(here, one)) as [number, number, number]
        const { between } = bound(here.time)
        expect(between(a, b) + between(b, c)).toBe(between(a, c))
        expect(between(a, b) + between(b, a)).toBe(0)
        expect(Math.abs(between(a, b))).toBeLessThanOrEqual(Math.abs(b - a))
      }),
      { numRuns: 500, seed },
    )
  })
})

/** Whole numbers up to a greatest one, each as likely: mulberry32. */
function drawing(start: number): (max: number) => number {
  let state = start
  return (max) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (max + 1))
  }
}

const bound = (time: BusinessTime) => ({
  add: (from: number, budget: number) => time.add(from, budget),
  between: (from: number, to: number) => time.between(from, to),
})
