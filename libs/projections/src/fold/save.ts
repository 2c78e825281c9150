import type pg from 'pg'
import { topics, type FunnelEvent, type Recorded } from '@funnel/events'
import { dealRow, leadRow, nodeId, type Folded, type FoldState, type NodeRef } from '@funnel/ledger'
import type { Generation } from '../generation/generation.js'
import { dealTableRow, dimsClash, dimsIds, entryRow, factRow, leadTableRow } from './rows.js'

/**
 * Writes what a fold gave, within the caller's transaction: one statement a table, rows as one JSON parameter typed by
 * the table itself, keys sorted.
 */
export async function save(
  client: pg.ClientBase,
  { schema, definitions }: Generation,
  records: readonly Recorded<FunnelEvent>[],
  { entries, changed, parked }: Folded,
  state: FoldState,
): Promise<void> {
  const dims = dimsIds()
  const entryRows = entries.map((entry) => entryRow(entry, dims.idOf(entry.dims)))
  const refs = changed.toSorted((a, b) => (nodeId(a) < nodeId(b) ? -1 : 1))
  const statesOf = (kind: NodeRef['kind']) =>
    refs.flatMap((ref) => {
      const node = state.get(ref)
      return ref.kind === kind && node?.kind === kind && node.parked === undefined ? [{ key: ref.key, node }] : []
    })
  const insert = async (table: string, rows: readonly object[], end = '') => {
    if (rows.length)
      await client.query({
        name: `${schema}.${table}`,
        text: `insert into ${schema}.${table} select * from json_populate_recordset(null::${schema}.${table}, $1) ${end}`,
        values: [JSON.stringify(rows)],
      })
  }

  await insert('fact', records.map(factRow))
  await insert('entry', entryRows)
  await saveDims(client, schema, dims.sets)
  await insert(
    'node',
    refs.map((ref) => ({ ...ref, state: state.get(ref) })),
    'on conflict (kind, key) do update set state = excluded.state',
  )
  await insert(
    'lead',
    statesOf('lead').flatMap(({ key, node }) =>
      node.kind === 'lead' && node.facts.length ? [leadTableRow(leadRow(key, node, definitions))] : [],
    ),
    `on conflict (lead) do update set (person, stage, owner, channel, captured_at, stage_at, properties, flags) =
         (excluded.person, excluded.stage, excluded.owner, excluded.channel, excluded.captured_at, excluded.stage_at, excluded.properties, excluded.flags)`,
  )
  await insert(
    'deal',
    statesOf('deal').flatMap(({ key, node }) =>
      node.kind === 'deal' && node.facts.length ? [dealTableRow(dealRow(key, node))] : [],
    ),
    `on conflict (deal) do update set (lead, person, account, stage, outcome, amount, currency, owner, opened_at, closed_at, properties, flags) =
         (excluded.lead, excluded.person, excluded.account, excluded.stage, excluded.outcome, excluded.amount, excluded.currency, excluded.owner,
          excluded.opened_at, excluded.closed_at, excluded.properties, excluded.flags)`,
  )
  await insert(
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
}

/** The dictionary of dimension sets. Two sets with one id would mix up numbers, so that stops the fold. */
async function saveDims(client: pg.ClientBase, schema: string, sets: ReadonlyMap<bigint, unknown>): Promise<void> {
  if (!sets.size) return
  const rows = [...sets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, values]) => ({ id: String(id), values }))
  const { rows: clashes } = await client.query<{ id: string }>({
    name: `${schema}.dims`,
    text: `with new as (select * from json_populate_recordset(null::${schema}.dims, $1)),
           kept as (insert into ${schema}.dims select * from new on conflict (id) do nothing)
           select d.id::text from ${schema}.dims d join new on new.id = d.id where new.values <> d.values`,
    values: [JSON.stringify(rows)],
  })
  if (clashes[0]) throw dimsClash(BigInt(clashes[0].id))
}
