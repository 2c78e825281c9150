import type pg from 'pg'
import { inTransaction, type Generation } from '../generation/generation.js'
import { mergedRolls, ROLL_COLUMNS, rollsOf } from './rolls.js'

/** Entries of a slice: what a question has to read beside the rolls, at most, once all is sealed. */
export const SLICE = 20_000
/** How many slices of a level become one of the next. */
const FAN = 10
/** First number of the advisory lock of a generation's sealer; the second is the generation. */
const LOCK = 7007
/** Memory for the sums, so that they do not go through the disk. */
const WORK_MEM = '64MB'

/** What is sealed. */
export type Sealed = Pick<Generation, 'id' | 'schema' | 'rolled'>

/**
 * Adds up the entries below the watermark in slices of about `size` entries, and slices in larger ones, until nothing is
 * due or the signal is aborted; returns how many slices were made. Each is made in a transaction of its own, so what is
 * interrupted is gone on with later. Where slices end depends on the entries alone. While another process seals the same
 * generation, does nothing.
 */
export async function seal(pool: pg.Pool, generation: Sealed, size = SLICE, signal?: AbortSignal): Promise<number> {
  const { id, schema } = generation
  let made = 0
  for (;;) {
    if (signal?.aborted) break
    const sealed = await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1, $2) got', [LOCK, id])
      if (!rows[0]!.got) return false
      await client.query(`set local work_mem = '${WORK_MEM}'; set local enable_sort = off`) // sums by hash: sorting texts is dear
      return (await merge(client, generation)) || (await cut(client, generation, size))
    })
    if (!sealed) break
    made++
  }
  if (made >= FAN) await pool.query(`analyze ${schema}.slice, ${schema}.roll`) // many at once: sooner than autovacuum does
  return made
}

/** Cuts the next slice off the tail, if there is enough of it below the watermark. */
async function cut(client: pg.PoolClient, generation: Sealed, size: number) {
  const { id, schema, rolled } = generation
  // the watermark first: whatever was recorded up to it is seen by every later statement
  const { rows: bounds } = await client.query<{ after: string; w: string | null }>(
    `select coalesce((select max(known_to) from ${schema}.slice), '-infinity')::text after, w::text from read.generation where id = $1`,
    [id],
  )
  const { after, w } = bounds[0] ?? { w: null }
  if (w === null) return false
  const { rows: ends } = await client.query<{ end: string }>(
    `select recorded_at::text "end" from ${schema}.entry where recorded_at > $1::timestamptz and recorded_at <= $2::timestamptz
     order by recorded_at offset $3 limit 1`,
    [after, w, size - 1],
  )
  if (!ends[0]) return false
  const { end } = ends[0]
  const { rows: made } = await client.query<{ id: number }>(
    `insert into ${schema}.slice (level, known_from, known_to) values (0, $1, $2) returning id`,
    [after, end],
  )
  await client.query(inserted(schema, rollsOf(schema), '$4'), [after, end, rolled, made[0]!.id])
  return true
}

/** Adds up the oldest slices of a level that has enough of them. They stay: an answer known at a time within needs them. */
async function merge(client: pg.PoolClient, { schema }: Sealed): Promise<boolean> {
  const { rows } = await client.query<{ level: number; ids: number[] }>(
    `select level, (array_agg(id order by known_from))[:${FAN}] ids from ${schema}.slice
     where parent_to is null group by level having count(*) >= ${FAN} order by level limit 1`,
  )
  if (!rows[0]) return false
  const { level, ids } = rows[0]
  const { rows: made } = await client.query<{ id: number }>(
    `insert into ${schema}.slice (level, known_from, known_to)
     select $2, min(known_from), max(known_to) from ${schema}.slice where id = any($1) returning id`,
    [ids, level + 1],
  )
  await client.query(
    `update ${schema}.slice set parent_to = (select max(known_to) from ${schema}.slice where id = any($1)) where id = any($1)`,
    [ids],
  )
  await client.query(inserted(schema, mergedRolls(schema), '$2'), [ids, made[0]!.id])
  return true
}

/** SQL: makes these rolls those of a slice. */
const inserted = (schema: string, rolls: string, slice: string): string => `
  insert into ${schema}.roll (slice, ${ROLL_COLUMNS}) select ${slice}::int, ${ROLL_COLUMNS} from (${rolls}) r`
