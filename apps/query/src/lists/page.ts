import type { BasisRow } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { Basis } from '@funnel/query-api'
import { fingerprintOf, paged, sizeOf, stateOf, tokenOf } from '../kpi/page.js'
import { toBasis } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import type { ReadModels } from '../read/read-models.js'
import { isPlace, planList, type Condition, type Subject, type Table } from './list.js'

/** One page of a table of the live generation. Subjects that move while somebody pages may be missed or met twice. */
export async function pageOf<Row extends Subject, Message>(
  { database, generations }: ReadModels,
  table: Table<Row, Message>,
  conditions: readonly Condition[],
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string },
  patience: Patience,
): Promise<{ basis: Basis; messages: Message[]; nextPageToken: string }> {
  const fingerprint = fingerprintOf([table.name, conditions])
  const after = stateOf(pageToken, fingerprint, isPlace)
  const size = sizeOf(pageSize)
  const { generation, basis, rows } = await ofLive(generations, patience, async ({ id }) => {
    const statement = planList(id, table, conditions, after, size + 1)
    const rows = await database.rows<BasisRow & (Row | { readonly key: null })>(statement, patience)
    return { generation: id, basis: rows[0], rows }
  })
  const found = rows.filter((row): row is BasisRow & Row => row.key !== null)
  const { messages, last } = paged(found, size, table)
  return {
    basis: toBasis(undefined, generation, basis),
    messages,
    nextPageToken: last ? tokenOf(fingerprint, [last.at, last.key]) : '',
  }
}
