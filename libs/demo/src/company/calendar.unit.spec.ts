import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { atWork, awake, busy, DAY, HOUR, isFriday, nextBusy } from './calendar.js'

const MONDAY = Date.UTC(2026, 8, 7)
const instant = fc.integer({ min: MONDAY, max: MONDAY + 400 * DAY })
const seed = fc.integer()

describe('the calendar', () => {
  it('has as many things happen as were asked for, over whole weeks, more of them by day and on working days', () => {
    const times: number[] = []
    const dice = { seed: 1 }
    for (let at = nextBusy(dice, MONDAY, 100); at < MONDAY + 28 * DAY; at = nextBusy(dice, at, 100)) times.push(at)
    expect(times.length / 28).toBeGreaterThan(90)
    expect(times.length / 28).toBeLessThan(130)
    const hours = times.map((time) => new Date(time).getUTCHours())
    expect(hours.filter((hour) => hour >= 7 && hour < 19).length).toBeGreaterThan(0.7 * times.length)
    const weekend = times.filter((time) => [0, 6].includes(new Date(time).getUTCDay()))
    expect(weekend.length).toBeLessThan(0.15 * times.length)
  })

  it('knows seasons', () => {
    const noon = (month: number, day: number) => Date.UTC(2026, month, day, 12)
    expect(busy(noon(2, 16))).toBeGreaterThan(busy(noon(7, 17)))
    expect(busy(noon(11, 29))).toBeLessThan(busy(noon(7, 17)) / 2)
  })

  it('sends people to work on working days between 8 and 18, and never back in time', () => {
    fc.assert(
      fc.property(seed, instant, (seed, time) => {
        const at = atWork({ seed }, time)
        expect(at).toBeGreaterThanOrEqual(time)
        expect(at - time).toBeLessThan(3 * DAY)
        expect(atWork({ seed }, at)).toBe(at)
        expect([0, 6]).not.toContain(new Date(at).getUTCDay())
      }),
    )
  })

  it('lets them sleep', () => {
    fc.assert(
      fc.property(seed, instant, (seed, time) => {
        const at = awake({ seed }, time)
        expect(at).toBeGreaterThanOrEqual(time)
        expect(at - time).toBeLessThanOrEqual(9 * HOUR)
        expect(new Date(at).getUTCHours()).toBeGreaterThanOrEqual(6)
        expect(new Date(at).getUTCHours()).toBeLessThan(22)
      }),
    )
    expect(isFriday(MONDAY + 4 * DAY)).toBe(true)
  })
})
