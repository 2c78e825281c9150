import { basename } from 'node:path'
import { derivedId, FunnelError, isEmail } from '@funnel/events'
import type { Csv } from './csv.js'
import type { JoinTable } from './join.js'
import type { PlannedEvent, PlannedInput, PlannedJoin } from './plan.js'
import type { Row } from './template.js'

/** An event as the public door takes it. */
export interface Draft {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly time: string
  /** As the row has it; the door takes a whole number from 0. */
  readonly sequence?: string
  readonly data: Readonly<Record<string, unknown>>
  /** What it tells of a person; absent where the row says nothing. */
  readonly personal?: Readonly<Record<string, string>>
}

/** What a row says: events, or why it says none. All events of a row stand or fall together. */
export type Reading =
  | { readonly events: readonly Draft[] }
  | { readonly skipped: string }
  | { readonly wrong: { readonly message: string; readonly event?: string; readonly field?: string } }

/** Reads the rows of one file. */
export interface Mapper {
  readonly read: (cells: readonly string[]) => Reading
  /** Join keys that found nothing, per join: a hint that values need normalising. A missing or empty key is not counted. */
  readonly unmatched: ReadonlyMap<string, { rows: number; readonly examples: Set<string> }>
}

/** Stands for what may be personal data. */
const HIDDEN = '(hidden)'
/** So much of a cell a message quotes at most. */
const QUOTED = 40

/** Prepares an input for a file with this header. Throws INVALID where the mapping uses a column that is not there. */
export function mapperOf(
  input: PlannedInput,
  source: string,
  csv: Csv,
  file: string,
  tables: readonly JoinTable[],
): Mapper {
  const { header } = csv
  const joins = input.joins.map((join, index) => ({ join, table: tables[index]! }))
  const columns = new Set([
    ...header,
    ...joins.flatMap(({ join, table }) => table.columns.map((column) => `${join.as}.${column}`)),
  ])
  const absent = [...input.columns].filter(([column]) => !columns.has(column))
  if (absent.length)
    throw new FunnelError(
      'INVALID',
      [
        ...absent.map(([column, at]) => `${at}: there is no column "${column}" in ${basename(file)}`),
        `The columns are ${[...columns].join(', ')}`,
      ].join('\n'),
    )

  const personal = input.events.flatMap((event) => event.personal.map(([, value]) => value))
  /** A text for people, without what the row tells of a person: the values, and the cells they are made of. */
  const shown = (text: string, row: Row): string => {
    if (isEmail(text.trim())) return HIDDEN
    return personal
      .flatMap((value) => [value.text(row), ...value.columns.map((column) => row[column])])
      .map((told = '') => told.trim())
      .filter(({ length }) => length > 1)
      .toSorted((a, b) => b.length - a.length)
      .flatMap((told) => [told, told.slice(0, QUOTED)]) // messages quote the beginning of a long cell
      .reduce((said, told) => said.replaceAll(told, HIDDEN), text)
  }

  const unmatched = new Map<string, { rows: number; readonly examples: Set<string> }>()
  const joined = (
    row: Record<string, string | undefined>,
    { join, table }: { join: PlannedJoin; table: JoinTable },
  ) => {
    const key = join.on.map(({ value }) => value.of(row))
    if (key.some((part) => part === undefined || part === '')) return
    const texts = key.map(String)
    const found = table.find(texts)
    if (found) for (const [index, column] of table.columns.entries()) row[`${join.as}.${column}`] = found[index]
    else {
      const miss = unmatched.get(join.as) ?? { rows: 0, examples: new Set<string>() }
      unmatched.set(join.as, miss)
      miss.rows++
      if (miss.examples.size < 3) miss.examples.add(texts.map((text) => shown(text, row)).join(', '))
    }
  }

  const read = (cells: readonly string[]): Reading => {
    const row: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>
    for (const [index, column] of header.entries()) row[column] = cells[index]
    let event: PlannedEvent | undefined
    let field: string | undefined
    try {
      for (const join of joins) joined(row, join)
      const skip = input.skip.find(({ when }) => when.of(row))
      if (skip) return { skipped: skip.because }
      field = 'key'
      const key = input.key.text(row)
      if (!key) throw new FunnelError('INVALID', 'the key of the row is empty')
      const events: Draft[] = []
      for (event of input.events) {
        field = undefined
        if (!event.when.of(row)) continue
        events.push(draft(event, row, key, (name) => (field = name)))
      }
      return events.length ? { events } : { skipped: 'no event of the mapping applies' }
    } catch (error) {
      if (!(error instanceof FunnelError)) throw error
      return {
        wrong: {
          message: shown(error.message, row),
          ...(event && { event: event.type }),
          ...(field !== undefined && { field }),
        },
      }
    }
  }

  const draft = (event: PlannedEvent, row: Row, key: string, entering: (field: string) => void): Draft => {
    entering('time')
    const time = event.time.of(row)
    if (time === undefined) throw new FunnelError('INVALID', 'the time is missing')
    const values = (list: PlannedEvent['data'], prefix: string) => {
      const record: Record<string, unknown> = {}
      for (const [name, value] of list) {
        entering(prefix + name)
        const datum = value.of(row)
        if (datum !== undefined) record[name] = datum
      }
      return record
    }
    const data = values(event.data, 'data.')
    if (event.properties) data['properties'] = values(event.properties, 'data.properties.')
    entering('name')
    const name = event.name.text(row)
    if (!name) throw new FunnelError('INVALID', 'the name of the event is empty')
    const sequence = event.sequence.text(row)
    const personal = event.personal.flatMap(([name, value]) => {
      const told = value.text(row)
      return told?.trim() ? [[name, told] as const] : [] // an empty cell tells nothing
    })
    return {
      id: derivedId('import', source, event.type, name, key),
      type: event.type,
      source,
      time,
      ...(sequence !== undefined && { sequence }),
      data,
      ...(personal.length && { personal: Object.fromEntries(personal) }),
    }
  }

  return { read, unmatched }
}
