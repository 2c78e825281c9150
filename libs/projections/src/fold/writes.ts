import type pg from 'pg'
import type { Versions } from '@funnel/definitions'
import { topics } from '@funnel/events'
import { changesRow, clockRow, dealRow, leadRow, type FactRecord, type Folded } from '@funnel/ledger'
import { allEnded, type Generation } from '../generation/generation.js'
import { CopyIn } from './copy-in.js'
import { arraysOf, copyOf, selectOf, type Column } from './columns.js'
import {
  clockColumns,
  dealColumns,
  dimsClash,
  entryColumns,
  factColumns,
  leadColumns,
  nodeColumns,
  type DimsIds,
} from './rows.js'
import type { Changed, Changes } from './states.js'

/** A part of a batch's transaction, ready to be sent. */
export type Write = Statement | Copy

/** Rows for a table, by COPY. */
export interface Copy {
  /** The statement up to its data. */
  readonly copy: string
  readonly data: Buffer
}

export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
  /** Throws when the result says that the batch must not be saved. */
  readonly check?: (result: pg.QueryResult) => void
}

/**
 * What a fold gave, a write a table, keys sorted. Each is ready to be sent when it is yielded; all of them can be made
 * ready while the batch before is still being saved.
 */
export function* writesOf(
  { id, schema }: Generation,
  records: readonly Required<FactRecord>[],
  { entries, parked }: Folded,
  changes: Changes,
  versions: Versions,
  dims: DimsIds,
): Generator<Write, void> {
  const changed = changes.all.values().toSorted(byRef)
  const standing = changed.filter(({ node }) => node.parked === undefined)
  yield* copy(schema, 'fact', factColumns, records)
  yield* copy(schema, 'entry', entryColumns(dims), entries)
  yield* dimsWrite(schema, dims.fresh())
  const rows = changed.filter(({ before, node }) => changesRow(before, node))
  yield* upsert(schema, 'node', ['kind', 'key'], nodeColumns, rows)
  const leads = standing.flatMap(({ ref: { key }, node }) =>
    node.kind === 'lead' && node.facts.length ? [leadRow(key, node, versions)] : [],
  )
  yield* upsert(schema, 'lead', ['lead'], leadColumns, leads)
  const deals = standing.flatMap(({ ref: { key }, node }) =>
    node.kind === 'deal' && node.facts.length ? [dealRow(key, node)] : [],
  )
  yield* upsert(schema, 'deal', ['deal'], dealColumns, deals)
  const clocks = standing.flatMap(({ ref: { key }, node }) =>
    node.kind === 'clock' && node.facts.length ? [clockRow(key, node)] : [],
  )
  yield* upsert(schema, 'clock', ['key'], clockColumns, clocks)
  if (!parked.length) return
  yield {
    name: `${schema}.parked`,
    text: `insert into ${schema}.parked select * from json_populate_recordset(null::${schema}.parked, $1) on conflict (kind, key) do nothing`,
    values: [
      JSON.stringify(
        parked.map(({ ref, reason, cause }) => ({
          ...ref,
          ...cause,
          topic: topics[cause.topic].id,
          reason,
          since: new Date().toISOString(),
        })),
      ),
    ],
  }
  yield {
    name: `${schema}.count-parked`,
    text: `update read.generation set parked = (select count(*) from ${schema}.parked) where id = $1`,
    values: [id],
  }
}

const byRef = ({ ref: a }: Changed, { ref: b }: Changed): number =>
  a.kind < b.kind || (a.kind === b.kind && a.key < b.key) ? -1 : 1

/** Many new rows. */
export function copy<Row>(
  schema: string,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Copy[] {
  if (!rows.length) return []
  return [
    { copy: `copy ${schema}.${table} (${namesOf(columns)}) from stdin (format binary)`, data: copyOf(columns, rows) },
  ]
}

/** Rows that are new or changed, by their keys. */
function upsert<Row>(
  schema: string,
  table: string,
  keys: readonly string[],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Statement[] {
  if (!rows.length) return []
  const others = columns.filter(({ name }) => !keys.includes(name))
  return [
    {
      name: `${schema}.${table}`,
      text: `insert into ${schema}.${table} (${namesOf(columns)}) ${selectOf(columns)}
             on conflict (${keys.join(', ')}) do update set (${namesOf(others)}) = row(${others.map(({ name }) => `excluded."${name}"`).join(', ')})`,
      values: arraysOf(columns, rows),
    },
  ]
}

const namesOf = (columns: readonly Column<never>[]) => columns.map(({ name }) => `"${name}"`).join(', ')

/** The dictionary of dimension sets. Two sets with one id would mix up numbers, so that stops the fold. */
function dimsWrite(schema: string, sets: ReadonlyMap<bigint, unknown>): Statement[] {
  if (!sets.size) return []
  const rows = [...sets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, values]) => ({ id: String(id), values }))
  return [
    {
      name: `${schema}.dims`,
      text: `with new as (select * from json_populate_recordset(null::${schema}.dims, $1)),
             kept as (insert into ${schema}.dims select * from new on conflict (id) do nothing)
             select d.id::text from ${schema}.dims d join new on new.id = d.id where new.values <> d.values`,
      values: [JSON.stringify(rows)],
      check: ({ rows: [clash] }: pg.QueryResult<{ id: string }>) => {
        if (clash) throw dimsClash(BigInt(clash.id))
      },
    },
  ]
}

/**
 * Carries out the parts of a transaction, one after the other. All are sent before the first is done: the server need not wait
 * for this process, which has another batch to fold. Throws the first failure, once nothing of it runs any more.
 */
export async function send(client: pg.PoolClient, writes: readonly Write[]): Promise<void> {
  const pipelining = client as pg.PoolClient & { pipeline: boolean } // the driver's types do not know it yet
  pipelining.pipeline = true
  try {
    await allEnded(writes.map((write) => sent(client, write)))
  } finally {
    pipelining.pipeline = false
  }
}

async function sent(client: pg.PoolClient, write: Write): Promise<void> {
  if ('copy' in write) {
    await client.query(new CopyIn(write.copy, write.data)).done
    return
  }
  const { name, text, values, check } = write
  const result = await client.query({ name, text, values: [...values] })
  check?.(result)
}
