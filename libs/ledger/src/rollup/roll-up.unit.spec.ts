import { describe, expect, it } from '@jest/globals'
import type { Measure } from '@funnel/definitions'
import type { Dims } from '../line.js'
import { RollUp, type Rollable } from './roll-up.js'

const DAY = 86_400_000
const entry = (measure: Measure, day: number, dims: Dims = {}, more: Partial<Rollable> = {}): Rollable => ({
  measure,
  amount: 1,
  occurred: day * DAY,
  subject: { id: 's' },
  dims,
  ...more,
})
const rollsOf = (dimensions: string[], entries: Rollable[], earlier: Rollable[] = []) => {
  const rollUp = new RollUp(dimensions)
  for (const one of entries) rollUp.add(one)
  for (const one of earlier) rollUp.earlier(one)
  return [...rollUp.rolls()]
}
/** The cells of the rolls: dimension, value, day, class of durations, amount and size, as far as they have them. */
const cellsOf = (rolls: ReturnType<typeof rollsOf>) =>
  rolls.flatMap(({ dimension, days, values, tooks, amounts, sizes }) =>
    days.map((day, i) => [
      dimension,
      ...(values ? [values[i]] : []),
      day,
      ...(tooks ? [tooks[i]] : []),
      amounts[i],
      ...(sizes ? [sizes[i]] : []),
    ]),
  )
const money = (measure: Measure, day: number, amount: number, subject = 's') =>
  entry(measure, day, {}, { amount, currency: 'EUR', subject: { id: subject } })

describe('rolls of entries', () => {
  it('tell each value of a dimension, and what has none, by day', () => {
    const entries = [
      entry('touch', 40, { channel: 'a' }),
      entry('touch', 40, { channel: 'a' }),
      entry('touch', 40, { channel: '' }),
      entry('touch', 41),
    ]
    expect(cellsOf(rollsOf(['channel'], entries))).toEqual([
      ['', 40, 3],
      ['', 41, 1],
      ['channel', 'a', 40, 2],
      ['channel', '', 40, 1],
      ['channel', null, 41, 1],
    ])
  })

  it('leave out what adds up to nothing, and lie by 32 days', () => {
    const dims = { channel: 'a' }
    const entries = [
      entry('touch', 31),
      entry('touch', 32),
      entry('touch', 33, dims),
      entry('touch', 33, dims, { amount: -1 }),
    ]
    const rolls = rollsOf(['channel'], entries)
    expect(rolls.map(({ dimension, span, days }) => [dimension, span, days])).toEqual([
      ['', 0, [31]],
      ['', 1, [32]],
      ['channel', 0, [31]],
      ['channel', 1, [32]],
    ])
  })

  it('tell durations by day, but by a dimension that says more than the total by month', () => {
    const captured = (day: number, elapsed: number, dims: Dims) => entry('deal.won', day, dims, { elapsed })
    const entries = [captured(5, 100, { owner: 'o' }), captured(6, 299, { owner: 'o' }), captured(35, 86_400, {})]
    const classes = rollsOf(['owner', 'party'], entries).filter(({ cohort }) => cohort === null)
    expect(cellsOf(classes)).toEqual([
      ['', 5, 0, 1],
      ['', 6, 0, 1],
      ['', 35, 58, 1],
      ['owner', 'o', 0, 0, 2],
      ['owner', null, 31, 58, 1],
      ['party', null, 5, 0, 1],
      ['party', null, 6, 0, 1],
      ['party', null, 35, 58, 1],
    ])
  })

  it('tell a conversion by the day of its cohort and the least window that holds it', () => {
    const converted = (elapsed: number) => entry('converted', 50, {}, { elapsed, cohort: 40 * DAY, stage: 'a>b' })
    const rolls = rollsOf([], [converted(-5), converted(86_400), converted(86_401), converted(400 * 86_400)])
    expect(rolls.filter(({ cohort }) => cohort).map(({ window, days }) => [window, days])).toEqual([
      [0, [40]],
      [1, [40]],
      [2, [40]],
      [null, [40]],
    ])
  })

  it('tell how many subjects come to hold money of a day, or no longer do', () => {
    const before = [money('deal.won.value', 7, 500)]
    expect(cellsOf(rollsOf([], [money('deal.won.value', 7, 100)], before))).toEqual([['', 7, 100, 0]])
    expect(cellsOf(rollsOf([], [money('deal.won.value', 7, -500)], before))).toEqual([['', 7, -500, -1]])
    expect(cellsOf(rollsOf([], [money('deal.won.value', 7, 100, 'other')], before))).toEqual([['', 7, 100, 1]])
  })

  it('tell of a stock how many subjects hold a part of it at the end of the day', () => {
    const opened = money('deal.open.value', 3, 500)
    expect(cellsOf(rollsOf([], [opened, money('deal.open.value', 9, -500)]))).toEqual([
      ['', 3, 500, 1],
      ['', 9, -500, -1],
    ])
    // told later that it was opened two days before
    expect(
      cellsOf(rollsOf([], [money('deal.open.value', 1, 500), money('deal.open.value', 3, -500)], [opened])),
    ).toEqual([
      ['', 1, 500, 1],
      ['', 3, -500, -1],
    ])
  })

  it('are exact beyond what a number holds', () => {
    const most = Number.MAX_SAFE_INTEGER
    const rolls = rollsOf([], [money('deal.won.value', 7, most), money('deal.won.value', 7, most, 'other')])
    expect(cellsOf(rolls)).toEqual([['', 7, BigInt(most) * 2n, 2]])
  })

  it('take no dimension for a value that every object has', () => {
    expect(cellsOf(rollsOf(['constructor'], [entry('touch', 1)]))).toEqual([
      ['', 1, 1],
      ['constructor', null, 1, 1],
    ])
  })
})
