import { FunnelError } from '@funnel/events'
import type { Kpi } from '@funnel/definitions'
import { between, interpolation, ranks, type Rank } from './percentile.js'
import { sidesOf, type SideName } from './side.js'

/** Minor units of a currency. */
export interface Money {
  readonly minor: number
  readonly currency: string
}

/** A sum of entries: a count, or money by currency code (none, one or several). */
export type Quantity = { readonly count: number } | { readonly money: readonly Money[] }

/** Why a number does not exist, which is not zero. */
export type NoValueReason = 'denominator-zero' | 'no-data' | 'several-currencies' | 'immature' | 'inexact'

/** A number in the KPI's unit; durations are seconds. */
export type Value =
  | { readonly unit: 'count' | 'ratio' | 'duration'; readonly number: number }
  | { readonly unit: 'money'; readonly money: Money }
  | { readonly unit: 'none'; readonly reason: NoValueReason; readonly message: string }

/** The number of one cell with what it rests on. */
export interface Cell {
  readonly value: Value
  /** A side is absent where a number does not hold its sum exactly. */
  readonly numerator?: Quantity
  readonly denominator?: Quantity
  /** The denominator's size of a ratio, else the number of lines or, for money, of subjects. */
  readonly sampleSize: number
  /** Cohort members left out because their window is still open. */
  readonly immature: number
}

/** A sum of entries of one currency; without a currency, a count. */
interface Sum {
  readonly currency: string | null
  readonly amount: bigint
  readonly size?: number | null
}

/** What a cell is made of: sums per side and currency. */
export interface CellRow extends Sum {
  readonly side: SideName | null
  readonly immature: number
  readonly size: number | null
  readonly least: number | null
  readonly seconds: number | null
  readonly low: number | null
  readonly high: number | null
}

/** The cell of these rows. Throws INTERNAL when a duration has a negative weight: then the ledger is wrong. */
export function cellOf(kpi: Kpi, rows: readonly CellRow[]): Cell {
  const { formula } = kpi
  const of = (name: SideName) => rows.filter(({ side }) => side === name)
  const above = of('numerator')
  const numerator = quantityOf(above)
  if ('elapsed' in formula) return duration(formula.elapsed.stat, above[0])
  if (sidesOf(formula).length === 1)
    return {
      value: numerator ? total(kpi, numerator) : inexact(above),
      ...(numerator && { numerator }),
      sampleSize: sizeOf(above),
      immature: 0,
    }
  const below = of('denominator')
  const denominator = quantityOf(below)
  const immature = below.reduce((sum, row) => sum + row.immature, 0)
  return {
    value: numerator && denominator ? ratio(kpi, numerator, denominator, immature) : inexact([...above, ...below]),
    ...(numerator && { numerator }),
    ...(denominator && { denominator }),
    sampleSize: sizeOf(below),
    immature,
  }
}

/** The cell of no entries at all. */
export const emptyCell = (kpi: Kpi): Cell => cellOf(kpi, [])

/** Whether nothing stands behind the cell: its entries cancel, or there are none. */
export const isEmpty = ({ value, numerator, denominator, sampleSize, immature }: Cell): boolean =>
  sampleSize === 0 && immature === 0 && !isInexact(value) && isZero(numerator) && isZero(denominator)

const isInexact = (value: Value) => value.unit === 'none' && value.reason === 'inexact'

const isZero = (quantity: Quantity | undefined) =>
  !quantity || ('count' in quantity ? quantity.count === 0 : quantity.money.every(({ minor }) => minor === 0))

/** One quantity of sums by currency (null: a count); undefined where a number does not hold one of them exactly. */
export function quantityOf(sums: readonly Sum[]): Quantity | undefined {
  if (!sums.every(isExact)) return undefined
  // a currency whose entries cancel never was in this cell
  const held = sums.filter(({ currency, amount, size }) => currency === null || amount !== 0n || size !== 0)
  const money = held.flatMap(({ currency, amount }) => (currency === null ? [] : [{ minor: Number(amount), currency }]))
  if (money.length) return { money: money.sort((a, b) => (a.currency < b.currency ? -1 : 1)) }
  return { count: held.reduce((sum, { amount }) => sum + Number(amount), 0) }
}

const isExact = ({ amount }: Sum) => Number.isSafeInteger(Number(amount))

const sizeOf = (rows: readonly CellRow[]) => rows.reduce((sum, { amount, size }) => sum + (size ?? Number(amount)), 0)

/** The sums that a number does not hold are told in words, so that no two of them look alike. */
const inexact = (rows: readonly CellRow[]): Value =>
  none(
    'inexact',
    `Numbers are exact to 2^53, and this is beyond: ${rows
      .filter((row) => !isExact(row))
      .map(({ side, amount, currency }) => `${side} ${amount}${currency === null ? '' : ` minor units of ${currency}`}`)
      .join(', ')}; ask for shorter buckets or a shorter period`,
  )

function total(kpi: Kpi, sum: Quantity): Value {
  if (kpi.unit !== 'money') return { unit: 'count', number: 'count' in sum ? sum.count : 0 }
  const [money, ...others] = 'money' in sum ? sum.money : []
  if (!money) return noMoney
  return others.length ? several : { unit: 'money', money }
}

function ratio(kpi: Kpi, above: Quantity, below: Quantity, immature: number): Value {
  const [over, under] = [partsOf(above), partsOf(below)]
  if (over.length > 1 || under.length > 1) return several
  const [n, d] = [over[0], under[0]]
  if (n?.currency && d?.currency && n.currency !== d.currency) return several
  if (!d?.amount)
    return immature > 0
      ? none('immature', `The window of all ${immature} is still open`)
      : none('denominator-zero', 'The denominator is 0')
  const number = (n?.amount ?? 0) / d.amount
  if (kpi.unit !== 'money') return { unit: 'ratio', number }
  return n?.currency ? { unit: 'money', money: { minor: Math.round(number), currency: n.currency } } : noMoney
}

const partsOf = (quantity: Quantity): readonly { amount: number; currency?: string }[] =>
  'count' in quantity
    ? [{ amount: quantity.count }]
    : quantity.money.map(({ minor, currency }) => ({ amount: minor, currency }))

function duration(stat: 'mean' | 'median' | 'p90', row: CellRow | undefined): Cell {
  const n = Number(row?.amount ?? 0)
  const rest = { numerator: { count: n }, sampleSize: n, immature: 0 }
  if (!row || n === 0) return { value: none('no-data', 'Nothing to take a duration from'), ...rest }
  return {
    value: { unit: 'duration', number: stat === 'mean' ? mean(row, n) : percentile(ranks[stat], row, n) },
    ...rest,
  }
}

function mean({ seconds }: CellRow, n: number): number {
  if (n < 0 || seconds === null) throw neverBooked(n)
  return seconds / n
}

function percentile(rank: Rank, { least, low, high }: CellRow, n: number): number {
  if (least === null || least < 0 || low === null || high === null) throw neverBooked(least)
  return between(low, high, interpolation(rank, n).share)
}

const neverBooked = (weight: number | null) =>
  new FunnelError('INTERNAL', 'The ledger takes back a duration that it never booked; rebuild it and report this', {
    weight,
  })

const none = (reason: NoValueReason, message: string): Value => ({ unit: 'none', reason, message })
const noMoney = none('no-data', 'Nothing is booked here, so there is no currency either')
const several = none('several-currencies', 'The money is in several currencies and there are no rates; see the parts')
