import type pg from 'pg'
import { definitionsHash } from '@funnel/definitions'
import { FunnelError, type Instant } from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import { liveGeneration, inTransaction, type Generation, type Queryable } from '../generation/generation.js'
import { withShadow, type Progress } from '../rebuild/rebuild.js'
import { wrongSlices } from '../rollup/check.js'
import { fingerprint, type Fingerprint } from './fingerprint.js'
import { recount, type Recounted } from './recount.js'

export interface Verification {
  readonly generation: number
  /** Both sides were taken at this watermark. */
  readonly w: Instant
  /** Over all months and owners; `differences` tells them month by month. */
  readonly numbers: readonly Omit<Recounted, 'month' | 'owner'>[]
  readonly live: Fingerprint
  readonly rebuilt: Fingerprint
  /** What differs, in words; empty when all is well. */
  readonly differences: readonly string[]
}

/**
 * Proves the live read models on their own data: counts again from the event table by independent SQL, and folds the log
 * anew beside them up to the same place and compares every table, adds the rolls up again and looks where their slices lie,
 * and checks what the generation says of itself. Reads and folds go on meanwhile.
 */
export async function verify(options: {
  readonly store: pg.Pool
  readonly read: pg.Pool
  readonly tail: EventTail
  readonly onProgress?: (progress: Progress) => void
}): Promise<Verification> {
  const { store, read, tail, onProgress } = options
  const taken = await inTransaction(read, async (client) => {
    await client.query('set transaction isolation level repeatable read')
    const generation = await liveGeneration(client)
    if (!generation || generation.w === null)
      throw new FunnelError('NOT_FOUND', 'there is nothing to verify yet: no event was folded')
    return {
      generation,
      w: generation.w,
      live: await fingerprint(client, generation),
      slices: await wrongSlices(client, generation),
      parked: await parkedIn(client, generation),
    }
  })
  const { generation, w, live, slices, parked } = taken
  const complete = (await tail.heads()).w
  const counted = await recount(store, read, generation, w)
  const head = { w, positions: generation.positions, epoch: generation.epoch }
  const definitions = generation.definitions
  const rebuilt = await withShadow(
    { pool: read, tail, definitions, ...(onProgress ? { onProgress } : {}) },
    head,
    (shadow: Generation) => fingerprint(read, shadow),
  )
  const differences = [
    ...counted
      .filter(({ fromEvents, fromLedger }) => fromEvents !== fromLedger)
      .map(
        ({ number, month, owner, fromEvents, fromLedger }) =>
          `${number}${owner === undefined ? '' : ` of ${owner}`} in ${month}: the events say ${fromEvents}, the ledger says ${fromLedger}`,
      ),
    ...(Object.keys(live) as (keyof Fingerprint)[])
      .filter((table) => live[table] !== rebuilt[table])
      .map((table) => `the table ${table} differs from a rebuild (${live[table]} and ${rebuilt[table]})`),
    ...slices.map((slice) => `slice ${slice} is not what its entries, or the slices it was made of, come to`),
    ...(w > complete ? ['the watermark lies beyond what the store knows to be complete'] : []),
    ...(parked === generation.parked ? [] : [`${parked} subjects are parked, and ${generation.parked} are told`]),
    ...(definitionsHash(generation.definitions) === generation.definitionsHash
      ? []
      : ['the definitions are not those whose hash is told with each answer']),
  ]
  return { generation: generation.id, w, numbers: totals(counted), live, rebuilt, differences }
}

/** Each number over all months. */
const totals = (counted: readonly Recounted[]): Verification['numbers'] =>
  [...Map.groupBy(counted, ({ number }) => number)].map(([number, months]) => ({
    number,
    fromEvents: months.reduce((sum, { fromEvents }) => sum + fromEvents, 0),
    fromLedger: months.reduce((sum, { fromLedger }) => sum + fromLedger, 0),
  }))

async function parkedIn(db: Queryable, { schema }: Generation): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`select count(*) n from ${schema}.parked`)
  return rows[0]!.n
}
