import type { Instant } from '@funnel/events'
import { roll, type Dice } from './dice.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Of an average week. */
const MEAN = 0.5
/** No hour of any season is busier than this. */
const BUSIEST = 2.5

/**
 * How busy an hour is, against an average one: working days are busier than weekends, days busier than nights, spring and
 * autumn busier than summer, and at the turn of the year there is nobody. UTC.
 */
export function busy(time: Instant): number {
  const date = new Date(time)
  const hour = date.getUTCHours()
  const working = hour >= 7 && hour < 19 ? 1 : 0.25
  return ((isWeekend(date) ? 0.3 : 1) * working * season(date)) / MEAN
}

function season(date: Date): number {
  const month = date.getUTCMonth()
  const day = date.getUTCDate()
  if ((month === 11 && day >= 23) || (month === 0 && day <= 2)) return 0.4
  return 1 + 0.15 * Math.cos((4 * Math.PI * (month - 2)) / 12)
}

/** When the next of things happens that happen so many times a day, more often where it is busy. */
export function nextBusy(dice: Dice, time: Instant, timesADay: number): Instant {
  const pause = DAY / (timesADay * BUSIEST)
  for (let next = time; ;) {
    next += Math.max(1, Math.round(-Math.log(1 - roll(dice)) * pause))
    if (roll(dice) * BUSIEST < busy(next)) return next
  }
}

/** The instant itself where people are at work, from 8 to 18 of a working day in UTC; else early on the next such day. */
export function atWork(dice: Dice, time: Instant): Instant {
  const date = new Date(time)
  const hour = date.getUTCHours()
  if (!isWeekend(date) && hour >= 8 && hour < 18) return time
  const midnight = time - (time % DAY)
  for (let day = hour < 8 ? midnight : midnight + DAY; ; day += DAY)
    if (!isWeekend(new Date(day))) return day + 8 * HOUR + Math.floor(roll(dice) * 90 * MINUTE)
}

/** The instant itself where people are awake, from 6 to 22 in UTC; else soon after 6. */
export function awake(dice: Dice, time: Instant): Instant {
  const hour = new Date(time).getUTCHours()
  if (hour >= 6 && hour < 22) return time
  const midnight = time - (time % DAY)
  return (hour < 6 ? midnight : midnight + DAY) + 6 * HOUR + Math.floor(roll(dice) * HOUR)
}

export const isFriday = (time: Instant): boolean => new Date(time).getUTCDay() === 5

const isWeekend = (date: Date): boolean => date.getUTCDay() === 0 || date.getUTCDay() === 6
