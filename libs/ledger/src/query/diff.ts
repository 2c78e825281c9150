import type { Kpi } from '@funnel/definitions'
import type { Row } from './answer.js'
import { emptyCell, type Cell } from './cell.js'

/** A cell that two answers give differently; one that an answer does not have is the empty cell. */
export interface Change extends Omit<Row, 'cell'> {
  readonly before: Cell
  readonly after: Cell
}

/** The cells in which two answers to one question differ, in the order of the answers. */
export function changes(kpi: Kpi, before: readonly Row[], after: readonly Row[]): readonly Change[] {
  const empty = emptyCell(kpi)
  const cells = new Map<string, Change>()
  for (const row of after) cells.set(placeOf(row), change(row, empty, row.cell))
  for (const row of before) cells.set(placeOf(row), change(row, row.cell, cells.get(placeOf(row))?.after ?? empty))
  return [...cells.values()].filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
}

const placeOf = ({ bucketStart, values }: Row) => JSON.stringify([bucketStart, values])
const change = ({ bucketStart, bucketEnd, values }: Row, before: Cell, after: Cell): Change => ({
  bucketStart,
  bucketEnd,
  values,
  before,
  after,
})
