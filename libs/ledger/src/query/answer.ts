import { FunnelError, type Instant } from '@funnel/events'
import type { Kpi } from '@funnel/definitions'
import { endOf, startOf, type Bucket } from './bucket.js'
import { cellOf, emptyCell, isEmpty, type Cell, type CellRow } from './cell.js'
import { MOST_ROWS, type AnswerRow } from './plan.js'
import type { CellKey, Question } from './question.js'
import { sidesOf, type SideName } from './side.js'
import type { BasisRow } from './statement.js'

/** A cell with its place: the bucket, and a value (null: none) for each of the question's dimensions. */
export interface Row extends CellKey {
  readonly bucketEnd?: Instant | undefined
  readonly cell: Cell
}

/** What a KPI is, by bucket and dimension values, and the generation's row of the same snapshot. */
export interface Answer {
  readonly basis: BasisRow
  readonly rows: readonly Row[]
}

/**
 * The answer from the rows of its statement. Cells whose entries cancel are left out, so the answer does not depend on
 * the order of arrival; without buckets and dimensions there is always exactly one row. Throws TOO_LARGE for more than
 * MOST_ROWS cells.
 */
export function answer(question: Question, kpi: Kpi, rows: readonly AnswerRow[]): Answer {
  const [basis] = rows
  if (!basis)
    throw new FunnelError('UNAVAILABLE', 'The read model was dropped while it was asked; ask again', { retryAfter: 1 })
  const groups = grouped(rows)
  const { bucket } = question
  const stocks = new Set(sidesOf(kpi.formula).flatMap(({ name, stock }) => (stock ? [name] : [])))
  const groupsOfCells = stocks.size && bucket ? levels(question, bucket, stocks, basis, groups) : groups
  if (rows.length > MOST_ROWS || groupsOfCells.length > MOST_ROWS)
    throw new FunnelError(
      'TOO_LARGE',
      `The answer has more than ${MOST_ROWS} rows: ask for fewer dimensions, longer buckets or a shorter period`,
      { field: 'question' },
    )
  const cells = groupsOfCells
    .map(({ bucketStart, values, rows }) => ({
      bucketStart,
      bucketEnd: bucketStart === undefined || !bucket ? undefined : endOf(bucket, bucketStart),
      values,
      cell: cellOf(kpi, rows),
    }))
    .filter(({ cell }) => (stocks.size && bucket) || !isEmpty(cell))
    .sort(byPlace)
  if (!cells.length && !bucket && !question.by.length)
    return { basis, rows: [{ bucketStart: undefined, bucketEnd: undefined, values: [], cell: emptyCell(kpi) }] }
  return { basis, rows: cells }
}

interface Group extends CellKey {
  readonly rows: CellRow[]
}

function grouped(rows: readonly AnswerRow[]): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    if (row.side === null) continue
    const key = JSON.stringify([row.bucket, row.key])
    const cellRow = { ...row, amount: BigInt(row.amount) }
    const group = groups.get(key)
    if (group) group.rows.push(cellRow)
    else groups.set(key, { bucketStart: row.bucket ?? undefined, values: row.key, rows: [cellRow] })
  }
  return [...groups.values()]
}

/**
 * The level of a stock at the end of every bucket from the first to the last that is known, for each combination of
 * values that ever had one: the sum of the movements up to there. A flow beside it stays in its bucket.
 */
function levels(
  question: Question,
  bucket: Bucket,
  stocks: ReadonlySet<SideName>,
  { w }: BasisRow,
  groups: readonly Group[],
): Group[] {
  // what cancels within a bucket moved nothing, and must not make the series begin there
  const movements = groups.filter(({ rows }) => rows.some(isSomething))
  const starts = movements.map(({ bucketStart }) => bucketStart ?? 0)
  if (!starts.length || w === null) return []
  const first = question.from === undefined ? Math.min(...starts) : startOf(bucket, question.from)
  const known = Math.min(w, question.knownAt ?? w, question.asOf ?? w, question.to === undefined ? w : question.to - 1)
  const last = Math.max(startOf(bucket, known), ...starts)
  const cells: Group[] = []
  for (const { values, moves } of seriesOf(movements)) {
    const level = new Map<string, CellRow>()
    const own: Group[] = []
    for (let start = first; start <= last; start = endOf(bucket, start)) {
      const moved = moves.get(start) ?? []
      for (const row of moved)
        if (row.side !== null && stocks.has(row.side)) {
          const key = `${row.side} ${row.currency}`
          level.set(key, plus(level.get(key), row))
        }
      const flows = moved.filter(({ side }) => side !== null && !stocks.has(side))
      own.push({ bucketStart: start, values, rows: [...level.values(), ...flows] })
      if (cells.length + own.length > MOST_ROWS) return [...cells, ...own]
    }
    if (own.some(({ rows }) => rows.some(isSomething))) cells.push(...own)
  }
  return cells
}

/** The movements of each combination of values, by bucket. */
function seriesOf(movements: readonly Group[]) {
  const series = new Map<string, { values: CellKey['values']; moves: Map<number, readonly CellRow[]> }>()
  for (const { bucketStart, values, rows } of movements) {
    const key = JSON.stringify(values)
    const one = series.get(key) ?? { values, moves: new Map<number, readonly CellRow[]>() }
    series.set(key, one)
    one.moves.set(bucketStart ?? 0, rows)
  }
  return series.values()
}

const isSomething = ({ amount, size }: CellRow) => amount !== 0n || (size ?? 0) !== 0

const plus = (before: CellRow | undefined, row: CellRow): CellRow =>
  before
    ? { ...row, amount: before.amount + row.amount, size: row.size === null ? null : (before.size ?? 0) + row.size }
    : row

/** By bucket, then by values; no value comes last. */
function byPlace(a: Row, b: Row): number {
  if (a.bucketStart !== b.bucketStart) return (a.bucketStart ?? 0) - (b.bucketStart ?? 0)
  for (const [index, left] of a.values.entries()) {
    const right = b.values[index] ?? null
    if (left === right) continue
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -1 : 1
  }
  return 0
}
