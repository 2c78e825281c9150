import type { Measure } from '@funnel/definitions'
import { textOf, type Dims, type Line } from '../line.js'
import { startOf } from '../query/bucket.js'
import { isStock, TOTAL, WINDOWS } from '../query/rolls.js'
import { minus, plus, times, type Exact } from './exact.js'

/** What of an entry is added up. */
export interface Rollable extends Omit<Line, 'subject'> {
  readonly subject: { readonly id: string }
}

/** Entries of one key added up by day, within 32 days: a row of the table `roll` but for its slice. */
export interface Roll extends Kind {
  readonly dimension: string
  readonly measure: Measure
  readonly stage: string | undefined
  readonly span: number
  readonly days: number[]
  /** Values of the dimension; null where no entry has one. */
  readonly values: (string | null)[] | null
  readonly tooks: number[] | null
  readonly amounts: Exact[]
  readonly sizes: Exact[] | null
  readonly elapsed: Exact[] | null
}

/** What tells two lines of one measure and stage apart. */
interface Kind {
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

/** Money of one subject under one key. */
interface Holding {
  readonly sums: Sums
  readonly values: readonly (string | undefined)[]
  /** By day: of what was recorded before, and of all. */
  readonly days: Map<number, { before: Exact; now: Exact }>
}

/** By day, or day and class. */
type Cells = Map<number | string, Cell>

/** What is added up under one key. */
interface Sums {
  readonly measure: Measure
  readonly stage: string | undefined
  readonly kind: Kind
  readonly total: Cells
  /** What the values of a dimension add up to: as the total, but durations by month. */
  readonly whole: Cells
  /** For each dimension by its value, where there is one. */
  readonly byValue: readonly Map<string, Cells>[]
}

const DAY = 86_400_000
const COUNT: Kind = { currency: null, cohort: false, window: null, timed: false }
const TIMED: Kind = { ...COUNT, timed: true }
const DURATION: Kind = { ...COUNT, cohort: null }
const COHORTS = [0, ...WINDOWS, null].map((window): Kind => ({ ...COUNT, cohort: true, window }))

/**
 * Adds the entries of a slice up as rolls have them: for the total and for each value of each of the dimensions, by day. Durations in
 * classes are added up by day for the total; by a dimension, where there would be nearly as many days as durations, by month
 * (by day, too, where the dimension says no more than the total). Of money it is added up as well by how much the number of
 * subjects changes that hold a part of it: of a flow those count that hold a part of the day, of a stock those that hold one
 * at its end, less those that did the day before.
 */
export class RollUp {
  readonly #dimensions: readonly string[]
  readonly #sums = new Map<Measure, Map<string | undefined, Map<Kind, Sums>>>()
  readonly #currencies = new Map<string, Kind>()
  /** By subject, then by all else that tells money apart. */
  readonly #holdings = new Map<string, Map<string, Holding>>()
  /** For each dimension the value of the first entry, and whether it is that of all. */
  #first: readonly (string | undefined)[] | undefined
  readonly #alike: boolean[]
  /** Entries of one subject share a set, and lie side by side. */
  #last: { readonly dims: Dims; readonly values: readonly (string | undefined)[] } | undefined

  constructor(dimensions: readonly string[]) {
    this.#dimensions = dimensions.toSorted()
    this.#alike = dimensions.map(() => true)
  }

  add(entry: Rollable): void {
    const { measure, amount, currency, occurred, cohort, elapsed, stage, dims } = entry
    const values = this.#valuesOf(dims)
    if (currency !== undefined) return this.#hold(entry, currency, values)
    const day = Math.floor(occurred / DAY)
    if (elapsed === undefined) return this.#add(this.#of(measure, stage, COUNT), values, day, amount, 0, 0)
    this.#add(this.#of(measure, stage, TIMED), values, day, amount, 0, times(amount, elapsed))
    this.#addDuration(this.#of(measure, stage, DURATION), values, occurred, tookOf(elapsed), amount)
    if (measure !== 'converted' || cohort === undefined) return
    this.#add(this.#of(measure, stage, cohortOf(elapsed)), values, Math.floor(cohort / DAY), amount, 0, 0)
  }

  /** The subjects of which some money was added: `earlier` needs what was recorded of theirs before. */
  get holders(): string[] {
    return [...this.#holdings.keys()]
  }

  /** Tells an entry of money that was recorded before the slice, once those of the slice are added. */
  earlier(entry: Rollable): void {
    const holding = this.#holdings.get(entry.subject.id)?.get(keyOf(entry))
    if (holding) addMoney(holding, entry, entry.amount)
  }

  #hold(entry: Rollable, currency: string, values: readonly (string | undefined)[]): void {
    let holdings = this.#holdings.get(entry.subject.id)
    if (!holdings) this.#holdings.set(entry.subject.id, (holdings = new Map()))
    const key = keyOf(entry)
    let holding = holdings.get(key)
    if (!holding) {
      let kind = this.#currencies.get(currency)
      if (!kind) this.#currencies.set(currency, (kind = { ...COUNT, currency }))
      holding = { sums: this.#of(entry.measure, entry.stage, kind), values, days: new Map() }
      holdings.set(key, holding)
    }
    addMoney(holding, entry, 0)
  }

  #addHoldings(): void {
    for (const { sums, values, days } of this.#holdings.values().flatMap((holdings) => holdings.values())) {
      const stock = isStock(sums.measure)
      let [was, level]: [Exact, Exact] = [0, 0]
      for (const [day, { before, now }] of [...days].sort(([a], [b]) => a - b)) {
        const [wasBefore, levelBefore] = [was, level]
        was = plus(was, before)
        level = plus(level, now)
        const size = stock
          ? holds(level) - holds(levelBefore) - (holds(was) - holds(wasBefore))
          : holds(now) - holds(before)
        const amount = minus(now, before)
        if (amount !== 0 || size !== 0) this.#add(sums, values, day, amount, size, 0)
      }
    }
    this.#holdings.clear()
  }

  /** The rolls of all that was added, about in the order of their index; ends it. What has added up to nothing is left out. */
  *rolls(): Generator<Roll> {
    this.#addHoldings()
    const lines = this.#sums
      .values()
      .flatMap((stages) => stages.values().flatMap((kinds) => kinds.values()))
      .toArray()
      .sort((a, b) => (a.measure < b.measure ? -1 : a.measure > b.measure ? 1 : rank(a.kind) - rank(b.kind)))
    for (const line of lines) yield* rollsOf(line, TOTAL, [[null, line.total]])
    for (const [at, dimension] of this.#dimensions.entries())
      for (const line of lines) yield* rollsOf(line, dimension, this.#cellsBy(line, at))
  }

  #cellsBy({ total, whole, byValue }: Sums, at: number): Iterable<[string | null, Cells]> {
    if (this.#alike[at]) return [[this.#first?.[at] ?? null, total]]
    return [...byValue[at]!, [null, without(whole, byValue[at]!)]]
  }

  #of(measure: Measure, stage: string | undefined, kind: Kind): Sums {
    let stages = this.#sums.get(measure)
    if (!stages) this.#sums.set(measure, (stages = new Map()))
    let kinds = stages.get(stage)
    if (!kinds) stages.set(stage, (kinds = new Map()))
    let sums = kinds.get(kind)
    if (!sums) {
      const total: Cells = new Map()
      const whole: Cells = kind === DURATION ? new Map() : total
      const byValue = this.#dimensions.map(() => new Map<string, Cells>())
      kinds.set(kind, (sums = { measure, stage, kind, total, whole, byValue }))
    }
    return sums
  }

  #valuesOf(dims: Dims): readonly (string | undefined)[] {
    if (this.#last?.dims === dims) return this.#last.values
    const values = this.#dimensions.map((dimension) => (Object.hasOwn(dims, dimension) ? dims[dimension] : undefined))
    this.#first ??= values
    for (let at = 0; at < values.length; at++) if (values[at] !== this.#first[at]) this.#alike[at] = false
    this.#last = { dims, values }
    return values
  }

  #add(
    { total, byValue }: Sums,
    values: readonly (string | undefined)[],
    day: number,
    amount: Exact,
    size: Exact,
    seconds: Exact,
  ): void {
    addTo(total, day, day, 0, amount, size, seconds)
    for (let at = 0; at < values.length; at++) {
      const value = values[at]
      if (value !== undefined) addTo(cellsOf(byValue[at]!, value), day, day, 0, amount, size, seconds)
    }
  }

  #addDuration(
    { total, whole, byValue }: Sums,
    values: readonly (string | undefined)[],
    occurred: number,
    took: number,
    amount: number,
  ): void {
    const day = Math.floor(occurred / DAY)
    const month = startOf('month', occurred) / DAY
    const key = `${month} ${took}`
    addTo(total, `${day} ${took}`, day, took, amount, 0, 0)
    addTo(whole, key, month, took, amount, 0, 0)
    for (let at = 0; at < values.length; at++) {
      const value = values[at]
      if (value !== undefined) addTo(cellsOf(byValue[at]!, value), key, month, took, amount, 0, 0)
    }
  }
}

/** All that tells money of one subject apart, as text. */
const keyOf = ({ measure, stage, currency, dims }: Rollable): string =>
  JSON.stringify([measure, stage, currency, textOf(dims)])

function addMoney({ days }: Holding, { occurred, amount }: Rollable, before: number): void {
  const day = Math.floor(occurred / DAY)
  const sums = days.get(day)
  if (!sums) {
    days.set(day, { before, now: amount })
    return
  }
  sums.before = plus(sums.before, before)
  sums.now = plus(sums.now, amount)
}

const holds = (sum: Exact) => Number(sum !== 0)

function cellsOf(byValue: Map<string, Cells>, value: string): Cells {
  let cells = byValue.get(value)
  if (!cells) byValue.set(value, (cells = new Map()))
  return cells
}

function addTo(
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
  cell.size = plus(cell.size, size)
  cell.seconds = plus(cell.seconds, seconds)
}

/** What of the whole has no value of a dimension. */
function without(whole: Cells, byValue: ReadonlyMap<string, Cells>): Cells {
  if (!byValue.size) return whole
  const rest: Cells = new Map()
  for (const [key, cell] of whole) rest.set(key, { ...cell })
  for (const cells of byValue.values())
    for (const [key, { day, took, amount, size, seconds }] of cells)
      addTo(rest, key, day, took, minus(0, amount), minus(0, size), minus(0, seconds))
  return rest
}

function rollsOf(
  { measure, stage, kind }: Sums,
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

/** As PostgreSQL has them in order. */
const rank = ({ cohort }: Kind) => (cohort === null ? 2 : Number(cohort))

/** As the SQL of the same name. */
const tookOf = (elapsed: number): number =>
  elapsed >= 86_400
    ? 57 + Math.floor(elapsed / 86_400)
    : elapsed >= 3600
      ? 12 + Math.floor((elapsed - 3600) / 1800)
      : Math.floor(elapsed / (elapsed >= 0 ? 300 : 86_400))

/** As the SQL `windowOf`. */
const cohortOf = (elapsed: number): Kind => COHORTS.find(({ window }) => window === null || elapsed <= window * 86_400)!
