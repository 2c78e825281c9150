import type { Kpi } from '@funnel/definitions'
import { endOf, secondsOf, startOf, type Question } from '@funnel/ledger'
import type { Line } from './read-model.js'

/** A line that stood from one instant of knowing to another: booked by one entry, taken back by a second one. */
export interface Standing extends Line {
  readonly recorded: string
  /** When it was taken back; absent: it stands. */
  readonly until?: string
}

/** The entries that book these lines and take them back. */
export const entriesOf = (lines: readonly Standing[]): Line[] =>
  lines.flatMap((line) => [
    line,
    ...(line.until === undefined ? [] : [{ ...line, amount: -(line.amount ?? 1), recorded: line.until }]),
  ])

/**
 * A cell as a plain number with what it rests on: what an answer must come to, by a road that knows no SQL and no sums of
 * signed entries.
 */
export interface Expected {
  readonly place: string
  readonly value: number | string
  readonly numerator: unknown
  readonly denominator?: unknown
  readonly sampleSize: number
  readonly immature: number
}

const ms = (text: string) => Date.parse(text)

/** Answers a question from the lines that stand at its cut, one by one. */
export function bruteForce(question: Question, kpi: Kpi, lines: readonly Standing[], w: number): Expected[] {
  const known = Math.min(question.knownAt ?? w, w)
  const standing = lines.filter(
    ({ recorded, until }) => ms(recorded) <= known && (until === undefined || ms(until) > known),
  )
  const { formula } = kpi
  if ('sum' in formula) return cells(question, kpi, select(question, standing, formula.sum), [], known)
  if ('elapsed' in formula)
    return cells(
      question,
      kpi,
      select(question, standing, formula.elapsed).filter(({ elapsed }) => elapsed !== undefined),
      [],
      known,
    )
  if ('ratio' in formula)
    return cells(
      question,
      kpi,
      select(question, standing, formula.ratio.numerator),
      select(question, standing, formula.ratio.denominator),
      known,
    )
  if ('stock' in formula)
    return stockCells(question, kpi, standing.filter(of(formula.stock)).filter(passes(question)), known, w)
  const { from, to, window } = formula.conversion
  const cohort = from === 'captured' ? { measure: 'lead.captured' } : { measure: 'stage.first', where: { stage: from } }
  const start = select(question, standing, cohort)
  const seconds = window === undefined ? Infinity : secondsOf(window)
  const mature = (at: string) => window === undefined || ms(at) + seconds * 1000 <= known
  const converted = standing
    .filter(of({ measure: 'converted', where: { stage: `${from}>${to}` } }))
    .filter(passes(question))
    .filter((line) => inPeriod(question, ms(line.cohort ?? '')))
    .filter(
      (line) =>
        window === undefined ||
        ((line.elapsed ?? 0) > 0 && (line.elapsed ?? 0) <= seconds && mature(line.cohort ?? '')),
    )
    .map((line) => ({ ...line, occurred: line.cohort ?? '' }))
  const immature = start.filter(({ occurred }) => !mature(occurred))
  return cells(
    question,
    kpi,
    converted,
    start.filter(({ occurred }) => mature(occurred)),
    known,
    immature,
  )
}

interface Sum {
  readonly measure?: string
  readonly measures?: readonly string[]
  readonly where?: { readonly stage?: string }
}
const of =
  ({ measure, measures = measure === undefined ? [] : [measure], where }: Sum) =>
  (line: Line) =>
    measures.includes(line.measure) && (where?.stage === undefined || where.stage === line.stage)

const valueOf = (line: Line, dimension: string): string | null =>
  (dimension === 'stage' ? line.stage : line.dims?.[dimension]) ?? null

const passes = (question: Question) => (line: Line) =>
  question.filters.every(({ dimension, values, none }) => {
    const value = valueOf(line, dimension)
    return value === null ? none : values.includes(value)
  })

const inPeriod = ({ from = -Infinity, to = Infinity, asOf = Infinity }: Question, at: number) =>
  at >= from && at < to && at <= asOf

const select = (question: Question, lines: readonly Standing[], sum: Sum) =>
  lines
    .filter(of(sum))
    .filter(passes(question))
    .filter((line) => inPeriod(question, ms(line.occurred)))

function cells(
  question: Question,
  kpi: Kpi,
  numerator: readonly Line[],
  denominator: readonly Line[],
  known: number,
  immature: readonly Line[] = [],
): Expected[] {
  const place = (line: Line) =>
    JSON.stringify([
      question.bucket ? startOf(question.bucket, ms(line.occurred)) : null,
      question.by.map((dimension) => valueOf(line, dimension)),
    ])
  const places = new Set([...numerator, ...denominator, ...immature].map(place))
  if (!question.bucket && !question.by.length) places.add('[null,[]]')
  const at = (lines: readonly Line[], where: string) => lines.filter((line) => place(line) === where)
  return [...places].map((where) =>
    cell(kpi, where, at(numerator, where), at(denominator, where), at(immature, where).length),
  )
}

const isMoney = (lines: readonly Line[]) => lines.some(({ currency }) => currency !== undefined)

function sums(lines: readonly Line[]): unknown {
  if (!isMoney(lines)) return lines.length
  const parts: Record<string, number> = {}
  for (const { currency = '', amount = 1 } of lines) parts[currency] = (parts[currency] ?? 0) + amount
  return Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))
}

const subjects = (lines: readonly Line[]) =>
  new Set(lines.map(({ subject, currency }) => `${currency} ${subject}`)).size

function cell(kpi: Kpi, place: string, n: readonly Line[], d: readonly Line[], immature: number): Expected {
  const { formula } = kpi
  if ('elapsed' in formula) {
    const values = n.map(({ elapsed }) => elapsed ?? 0).sort((a, b) => a - b)
    return {
      place,
      value: statistic(formula.elapsed.stat, values),
      numerator: n.length,
      sampleSize: n.length,
      immature: 0,
    }
  }
  const numerator = sums(n)
  if (!('ratio' in formula) && !('conversion' in formula)) {
    const sampleSize = isMoney(n) ? subjects(n) : n.length
    if (kpi.unit !== 'money') return { place, value: n.length, numerator, sampleSize, immature: 0 }
    const parts = Array.isArray(numerator) ? (numerator as [string, number][]) : []
    const value =
      parts.length === 1 ? `${parts[0]?.[1]} ${parts[0]?.[0]}` : parts.length ? 'several-currencies' : 'no-data'
    return { place, value, numerator, sampleSize, immature: 0 }
  }
  const denominator = sums(d)
  const sampleSize = isMoney([...n, ...d]) ? subjects(d) : d.length
  const currencies = new Set([...n, ...d].flatMap(({ currency }) => currency ?? []))
  const total = (lines: readonly Line[]) => lines.reduce((sum, { amount = 1 }) => sum + amount, 0)
  const ratio = total(n) / total(d)
  const value =
    currencies.size > 1
      ? 'several-currencies'
      : total(d) === 0
        ? immature
          ? 'immature'
          : 'denominator-zero'
        : kpi.unit !== 'money'
          ? ratio
          : isMoney(n)
            ? `${Math.round(ratio)} ${[...currencies][0]}`
            : 'no-data'
  return { place, value, numerator, denominator, sampleSize, immature }
}

function statistic(stat: 'mean' | 'median' | 'p90', sorted: readonly number[]): number | string {
  if (!sorted.length) return 'no-data'
  if (stat === 'mean') return sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  const rank = (stat === 'median' ? 0.5 : 0.9) * (sorted.length - 1)
  const below = sorted[Math.floor(rank + 1e-9)] ?? NaN
  const above = sorted[Math.ceil(rank - 1e-9)] ?? NaN
  return below + (above - below) * (rank - Math.floor(rank + 1e-9))
}

/** The level at the end of each bucket, counted anew for each. */
function stockCells(question: Question, kpi: Kpi, lines: readonly Line[], known: number, w: number): Expected[] {
  const { bucket, by, to = Infinity, asOf = Infinity } = question
  const moves = lines.filter(({ occurred }) => ms(occurred) < to && ms(occurred) <= asOf)
  const keyOf = (line: Line) => JSON.stringify(by.map((dimension) => valueOf(line, dimension)))
  const level = (key: string, end: number) => moves.filter((line) => keyOf(line) === key && ms(line.occurred) < end)
  const one = (key: string, start: number | null, end: number) => stockCell(kpi, `[${start},${key}]`, level(key, end))
  const keys = [...new Set(moves.map(keyOf))]
  if (!bucket) {
    const all = keys
      .map((key) => one(key, null, Infinity))
      .filter(({ sampleSize, value }) => sampleSize !== 0 || (value !== 0 && value !== 'no-data'))
    return all.length || by.length ? all : [one('[]', null, Infinity)]
  }
  const starts = moves.map(({ occurred }) => startOf(bucket, Math.max(ms(occurred), question.from ?? -Infinity)))
  const earliest = question.from === undefined ? Math.min(...starts) : startOf(bucket, question.from)
  const latest = Math.max(startOf(bucket, Math.min(w, known, asOf, to - 1)), ...starts)
  const series = keys.map((key) => {
    const cells: { start: number; cell: Expected }[] = []
    for (let start = earliest; start <= latest; start = endOf(bucket, start))
      cells.push({ start, cell: one(key, start, endOf(bucket, start)) })
    return cells
  })
  // the series of all begin where the first of them has a level
  const isLevel = ({ sampleSize, value }: Expected) => sampleSize !== 0 || (value !== 0 && value !== 'no-data')
  const begins = Math.min(...series.flat().flatMap(({ start, cell }) => (isLevel(cell) ? [start] : [])))
  return series
    .filter((cells) => cells.some(({ cell }) => isLevel(cell)))
    .flatMap((cells) =>
      cells.filter(({ start }) => question.from !== undefined || start >= begins).map(({ cell }) => cell),
    )
}

/** Entering adds, leaving takes away; a subject is in stock while its movements do not cancel. */
function stockCell(kpi: Kpi, place: string, moves: readonly Line[]): Expected {
  const held = new Map<string, number>()
  for (const { subject, currency = '', amount = 1 } of moves) {
    const key = JSON.stringify([currency, subject])
    held.set(key, (held.get(key) ?? 0) + amount)
  }
  const inStock = [...held].filter(([, amount]) => amount !== 0)
  const sampleSize = inStock.length
  if (kpi.unit !== 'money') {
    const level = inStock.reduce((sum, [, amount]) => sum + amount, 0)
    return { place, value: level, numerator: level, sampleSize: level, immature: 0 }
  }
  const parts: Record<string, number> = {}
  for (const [key, amount] of inStock) {
    const [currency] = JSON.parse(key) as [string]
    parts[currency] = (parts[currency] ?? 0) + amount
  }
  const sums = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))
  const value = sums.length === 1 ? `${sums[0]?.[1]} ${sums[0]?.[0]}` : sums.length ? 'several-currencies' : 'no-data'
  return { place, value, numerator: sums, sampleSize, immature: 0 }
}
