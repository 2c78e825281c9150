import { basename } from 'node:path'
import { FunnelError } from '@funnel/events'
import { openCsv, type Dialect } from './csv.js'

/** A further file, looked up by key; the whole of it is held in memory. */
export interface JoinTable {
  /** Its columns, without the prefix. */
  readonly columns: readonly string[]
  /** The row with this key, undefined where there is none. */
  readonly find: (key: readonly string[]) => readonly string[] | undefined
}

const keyOf = (values: readonly string[]) => JSON.stringify(values)

/** Loads a file to be joined on `on`, its key columns. Throws INVALID on a ragged row or a key that is there twice. */
export async function loadJoin(path: string, on: readonly string[], dialect: Dialect): Promise<JoinTable> {
  const { header, lines } = await openCsv(path, dialect)
  const file = basename(path)
  const at = on.map((column) => {
    const index = header.indexOf(column)
    if (index < 0)
      throw new FunnelError(
        'INVALID',
        `${file}: there is no column "${column}" to join on; there are ${header.join(', ')}`,
      )
    return index
  })
  const rows = new Map<string, { line: number; cells: readonly string[] }>()
  for await (const { line, cells, problem } of lines) {
    if (problem) throw new FunnelError('INVALID', `${file}:${line}: ${problem}`)
    const key = keyOf(at.map((index) => cells[index] ?? ''))
    const earlier = rows.get(key)
    if (earlier)
      throw new FunnelError(
        'INVALID',
        `${file}:${line}: the key is there already, at line ${earlier.line}; a join needs each once`,
      )
    rows.set(key, { line, cells })
  }
  return { columns: header, find: (key) => rows.get(keyOf(key))?.cells }
}
