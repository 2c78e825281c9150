import type { Measure } from '@funnel/definitions'
import type { Dims, Line } from '../line.js'
import { startOf } from '../query/bucket.js'
import { TOTAL, WINDOWS } from '../query/rolls.js'
import { addTo, cellsOf, DAY, rollsOf, without, type Cells, type Kind, type Roll } from './cells.js'
import { times, type Exact } from './exact.js'
import { Holdings } from './holdings.js'

/** What of an entry is added up. */
export interface Rollable extends Omit<Line, 'subject'> {
  readonly subject: { readonly id: string }
}

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
  /** Of all that was added. */
  lacking: number
}

/** A set of dimension values. */
interface Values {
  /** For each dimension. */
  readonly of: readonly (string | undefined)[]
  /** A bit for each dimension without a value; of 33 and more, 32 apart, the same one. */
  readonly lacking: number
}

const COUNT: Kind = { currency: null, cohort: false, window: null, timed: false }
const TIMED: Kind = { ...COUNT, timed: true }
const DURATION: Kind = { ...COUNT, cohort: null }
const COHORTS = [0, ...WINDOWS, null].map((window): Kind => ({ ...COUNT, cohort: true, window }))

/**
 * Adds the entries of a slice up as rolls have them: for the total and for each value of each of the dimensions, by day.
 * Durations in classes are added up by day for the total; by a dimension, where there would be nearly as many days as
 * durations, by month (by day, too, where the dimension says no more than the total). Of money it adds up as well by how much
 * the number of subjects changes that hold a part of it, see `Holdings`.
 */
export class RollUp {
  readonly #dimensions: readonly string[]
  readonly #sums = new Map<Measure, Map<string | undefined, Map<Kind, Sums>>>()
  readonly #currencies = new Map<string, Kind>()
  readonly #holdings = new Holdings()
  /** For each dimension the value of the first entry, and whether it is that of all. */
  #first: readonly (string | undefined)[] | undefined
  readonly #alike: boolean[]
  /** Entries of one subject share a set, and lie side by side. */
  #last: { readonly dims: Dims; readonly values: Values } | undefined

  constructor(dimensions: readonly string[]) {
    this.#dimensions = dimensions.toSorted()
    this.#alike = dimensions.map(() => true)
  }

  /** Adds an entry of the slice. */
  add(entry: Rollable): void {
    const { measure, amount, currency, occurred, cohort, elapsed, stage, dims } = entry
    const values = this.#valuesOf(dims)
    if (currency !== undefined) return this.#holdings.add(entry)
    const day = Math.floor(occurred / DAY)
    if (elapsed === undefined) return this.#add(this.#of(measure, stage, COUNT), values, day, amount, 0, 0)
    this.#add(this.#of(measure, stage, TIMED), values, day, amount, 0, times(amount, elapsed))
    this.#addDuration(this.#of(measure, stage, DURATION), values, occurred, tookOf(elapsed), amount)
    if (measure !== 'converted' || cohort === undefined) return
    this.#add(this.#of(measure, stage, cohortOf(elapsed)), values, Math.floor(cohort / DAY), amount, 0, 0)
  }

  /** The subjects of which some money was added: `earlier` needs what was recorded of theirs before. */
  get holders(): string[] {
    return this.#holdings.subjects
  }

  /** Tells an entry of money that was recorded before the slice, once those of the slice are added. */
  earlier(entry: Rollable): void {
    this.#holdings.earlier(entry)
  }

  /** The rolls of all that was added, about in the order of their index; to be asked for once, in the end. */
  *rolls(): Generator<Roll> {
    for (const { measure, stage, currency, dims, day, amount, size } of this.#holdings.changes())
      this.#add(this.#of(measure, stage, this.#moneyOf(currency)), this.#valuesOf(dims), day, amount, size, 0)
    const lines = this.#sums
      .values()
      .flatMap((stages) => stages.values().flatMap((kinds) => kinds.values()))
      .toArray()
      .sort((a, b) => (a.measure < b.measure ? -1 : a.measure > b.measure ? 1 : rank(a.kind) - rank(b.kind)))
    for (const line of lines) yield* rollsOf(line, TOTAL, [[null, line.total]])
    for (const [at, dimension] of this.#dimensions.entries())
      for (const line of lines) yield* rollsOf(line, dimension, this.#cellsBy(line, at))
  }

  #cellsBy({ total, whole, byValue, lacking }: Sums, at: number): Iterable<[string | null, Cells]> {
    if (this.#alike[at]) return [[this.#first?.[at] ?? null, total]]
    const cells = byValue[at]!
    if (!cells.size) return [[null, whole]]
    return lacking & (1 << at) ? [...cells, [null, without(whole, cells)]] : cells
  }

  #moneyOf(currency: string): Kind {
    let kind = this.#currencies.get(currency)
    if (!kind) this.#currencies.set(currency, (kind = { ...COUNT, currency }))
    return kind
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
      kinds.set(kind, (sums = { measure, stage, kind, total, whole, byValue, lacking: 0 }))
    }
    return sums
  }

  #valuesOf(dims: Dims): Values {
    if (this.#last?.dims === dims) return this.#last.values
    const of = this.#dimensions.map((dimension) => (Object.hasOwn(dims, dimension) ? dims[dimension] : undefined))
    this.#first ??= of
    let lacking = 0
    for (let at = 0; at < of.length; at++) {
      if (of[at] !== this.#first[at]) this.#alike[at] = false
      if (of[at] === undefined) lacking |= 1 << at
    }
    const values = { of, lacking }
    this.#last = { dims, values }
    return values
  }

  #add(sums: Sums, { of, lacking }: Values, day: number, amount: Exact, size: Exact, seconds: Exact): void {
    sums.lacking |= lacking
    addTo(sums.total, day, day, 0, amount, size, seconds)
    for (let at = 0; at < of.length; at++) {
      const value = of[at]
      if (value !== undefined) addTo(cellsOf(sums.byValue[at]!, value), day, day, 0, amount, size, seconds)
    }
  }

  #addDuration(sums: Sums, { of, lacking }: Values, occurred: number, took: number, amount: number): void {
    const day = Math.floor(occurred / DAY)
    const month = startOf('month', occurred) / DAY
    const key = `${month} ${took}`
    sums.lacking |= lacking
    addTo(sums.total, `${day} ${took}`, day, took, amount, 0, 0)
    addTo(sums.whole, key, month, took, amount, 0, 0)
    for (let at = 0; at < of.length; at++) {
      const value = of[at]
      if (value !== undefined) addTo(cellsOf(sums.byValue[at]!, value), key, month, took, amount, 0, 0)
    }
  }
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
