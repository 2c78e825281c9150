import type pg from 'pg'
import type { Versions } from '@funnel/definitions'
import { topics, type FunnelEvent, type Recorded } from '@funnel/events'
import { clockRow, dealRow, leadRow, type Folded } from '@funnel/ledger'
import { allEnded, type Generation } from '../generation/generation.js'
import { CopyIn } from './copy-in.js'
import { arraysOf, copyOf, unnest, type Column } from './columns.js'
import {
  clockTableRow,
  dealTableRow,
  dimsClash,
  entryColumns,
  factColumns,
  leadTableRow,
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
  records: readonly Recorded<FunnelEvent>[],
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
  yield* upsert(schema, 'node', nodeColumns, changed, 'on conflict (kind, key) do update set state = excluded.state')
  yield* json(
    schema,
    'lead',
    standing.flatMap(({ ref: { key }, node }) =>
      node.kind === 'lead' && node.facts.length ? [leadTableRow(leadRow(key, node, versions))] : [],
    ),
    `on conflict (lead) do update set (person, stage, owner, channel, captured_at, stage_at, properties, flags) =
       (excluded.person, excluded.stage, excluded.owner, excluded.channel, excluded.captured_at, excluded.stage_at, excluded.properties, excluded.flags)`,
  )
  yield* json(
    schema,
    'deal',
    standing.flatMap(({ ref: { key }, node }) =>
      node.kind === 'deal' && node.facts.length ? [dealTableRow(dealRow(key, node))] : [],
    ),
    `on conflict (deal) do update set (lead, person, account, stage, outcome, amount, currency, owner, opened_at, closed_at, properties, flags) =
       (excluded.lead, excluded.person, excluded.account, excluded.stage, excluded.outcome, excluded.amount, excluded.currency, excluded.owner,
        excluded.opened_at, excluded.closed_at, excluded.properties, excluded.flags)`,
  )
  yield* json(
    schema,
    'clock',
    standing.flatMap(({ ref: { key }, node }) =>
      node.kind === 'clock' && node.facts.length ? [clockTableRow(clockRow(key, node))] : [],
    ),
    `on conflict (key) do update set (clock, policy, policy_version, party, subject, lead, owner, team, state, started_at, due_at, left_s, missed, ended_at, parent) =
       (excluded.clock, excluded.policy, excluded.policy_version, excluded.party, excluded.subject, excluded.lead, excluded.owner, excluded.team, excluded.state,
        excluded.started_at, excluded.due_at, excluded.left_s, excluded.missed, excluded.ended_at, excluded.parent)`,
  )
  if (!parked.length) return
  yield* json(
    schema,
    'parked',
    parked.map(({ ref, reason, cause }) => ({
      ...ref,
      ...cause,
      topic: topics[cause.topic].id,
      reason,
      since: new Date().toISOString(),
    })),
    'on conflict (kind, key) do nothing',
  )
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

/** Many rows, new or changed. */
function upsert<Row>(
  schema: string,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  end: string,
): Statement[] {
  if (!rows.length) return []
  return [
    {
      name: `${schema}.${table}`,
      text: `insert into ${schema}.${table} (${namesOf(columns)}) select * from ${unnest(columns)} ${end}`,
      values: arraysOf(columns, rows),
    },
  ]
}

const namesOf = (columns: readonly Column<never>[]) => columns.map(({ name }) => `"${name}"`).join(', ')

/** Few rows: as one JSON parameter, typed by the table itself. */
function json(schema: string, table: string, rows: readonly object[], end: string): Statement[] {
  if (!rows.length) return []
  return [
    {
      name: `${schema}.${table}`,
      text: `insert into ${schema}.${table} select * from json_populate_recordset(null::${schema}.${table}, $1) ${end}`,
      values: [JSON.stringify(rows)],
    },
  ]
}

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
