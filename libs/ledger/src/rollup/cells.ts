import type { Measure } from '@funnel/definitions'
import { TOTAL } from '../query/rolls.js'
import { minus, plus, type Exact } from './exact.js'

export const DAY = 86_400_000

/** Entries of one key added up by day, within 32 days: a row of the table `roll` but for its slice. */
export interface Roll extends Kind {
  readonly dimension: string
  readonly measure: Measure
  readonly stage: string | undefined
  readonly span: number
  readonly days: number[]
  /** Values of the dimension, null where an entry has none; the total has no array. */
  readonly values: (string | null)[] | null
  readonly tooks: number[] | null
  readonly amounts: Exact[]
  readonly sizes: Exact[] | null
  readonly elapsed: Exact[] | null
}

/** What tells two lines of one measure and stage apart. */
export interface Kind {
  readonly currency: string | null
  /** The days are the cohorts'; null: durations in classes. */
  readonly cohort: boolean | null
  readonly window: number | null
  readonly timed: boolean
}

interface Cell {
  readonly day: number
  readonly took: number
  amount: Exact
  size: Exact
  seconds: Exact
}

/** By day, or day and class. */
export type Cells = Map<number | string, Cell>

/** What has cells of its own. */
interface Line {
  readonly measure: Measure
  readonly stage: string | undefined
  readonly kind: Kind
}

/** The cells of a value; none at first. */
export function cellsOf(byValue: Map<string, Cells>, value: string): Cells {
  let cells = byValue.get(value)
  if (!cells) byValue.set(value, (cells = new Map()))
  return cells
}

/** Adds to the cell of a key, which says the day, and of durations the class as well. */
export function addTo(
  cells: Cells,
  key: number | string,
  day: number,
  took: number,
  amount: Exact,
  size: Exact,
  seconds: Exact,
): void {
  const cell = cells.get(key)
  if (!cell) {
    cells.set(key, { day, took, amount, size, seconds })
    return
  }
  cell.amount = plus(cell.amount, amount)
  if (size !== 0) cell.size = plus(cell.size, size)
  if (seconds !== 0) cell.seconds = plus(cell.seconds, seconds)
}

/** What of the whole has no value of a dimension, of which there are some. */
export function without(whole: Cells, byValue: ReadonlyMap<string, Cells>): Cells {
  const rest: Cells = new Map()
  for (const [key, cell] of whole) rest.set(key, { ...cell })
  for (const cells of byValue.values())
    for (const [key, { day, took, amount, size, seconds }] of cells)
      addTo(rest, key, day, took, minus(0, amount), minus(0, size), minus(0, seconds))
  return rest
}

/** The rolls of one line by a dimension, whose values have these cells. What has added up to nothing is left out. */
export function rollsOf(
  { measure, stage, kind }: Line,
  dimension: string,
  byValue: Iterable<[string | null, Cells]>,
): Iterable<Roll> {
  const { currency, cohort, window, timed } = kind
  const spans = new Map<number, Roll>()
  for (const [value, cells] of byValue)
    for (const { day, took, amount, size, seconds } of cells.values()) {
      if (amount === 0 && size === 0 && seconds === 0) continue
      const span = day >> 5
      let roll = spans.get(span)
      if (!roll) {
        const values = dimension === TOTAL ? null : []
        const tooks = cohort === null ? [] : null
        const sizes = currency === null ? null : []
        const elapsed = timed ? [] : null
        const key = { dimension, measure, stage, currency, cohort, window, timed, span }
        spans.set(span, (roll = { ...key, days: [], values, tooks, amounts: [], sizes, elapsed }))
      }
      roll.days.push(day)
      roll.values?.push(value)
      roll.tooks?.push(took)
      roll.amounts.push(amount)
      roll.sizes?.push(size)
      roll.elapsed?.push(seconds)
    }
  return spans.values()
}
