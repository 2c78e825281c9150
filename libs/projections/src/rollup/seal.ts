import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'
import type { Instant } from '@funnel/events'
import { RollUp } from '@funnel/ledger'
import { copy, send } from '../fold/writes.js'
import { inTransaction, type Generation } from '../generation/generation.js'
import type { Recent, Slice } from './recent.js'
import { mergedRolls, ROLL_COLUMNS } from './rolls.js'
import { rollColumns } from './rows.js'
import { at, entriesAfter, lastSealed, moneyUpTo } from './slice.js'

/** Entries of a slice: what a question has to read beside the rolls, at most, once all is sealed. */
export const SLICE = 20_000
/** How many slices of a level become one of the next: with more of them less is added up again, and questions read more. */
const FAN = 16
/** How many entries are added up at a stretch: some milliseconds, for which whatever else the process does waits. */
const STRETCH = 2000
/** First number of the advisory lock of a generation's sealer; the second is the generation. */
const LOCK = 7007
/** Memory for the sums, so that they do not go through the disk. */
const WORK_MEM = '64MB'

/** What is sealed. */
export type Sealed = Pick<Generation, 'id' | 'schema' | 'rolled'>

export interface SealOptions {
  /** Entries of a slice. */
  readonly size?: number
  /** How many slices of a level become one of the next. */
  readonly fan?: number
  /** Ends it between two slices. */
  readonly signal?: AbortSignal
  /** What need not be read back: slices of that size. */
  readonly recent?: Recent
}

/**
 * Adds up the entries below the watermark in slices of about `size` entries, and slices in larger ones, until nothing is
 * due or the signal is aborted; returns how many slices were made. Each is made in a transaction of its own, so what is
 * interrupted is gone on with later. Where slices end depends on the entries alone. While another process seals the same
 * generation, does nothing.
 */
export async function seal(pool: pg.Pool, generation: Sealed, options: SealOptions = {}): Promise<number> {
  const { size = SLICE, fan = FAN, signal, recent } = options
  const { id, schema } = generation
  let made = 0
  for (;;) {
    if (signal?.aborted) break
    const sealed = await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1, $2) got', [LOCK, id])
      if (!rows[0]!.got) return false
      await client.query(`set local work_mem = '${WORK_MEM}'; set local enable_sort = off`) // sums by hash: sorting texts is dear
      return (await merge(client, generation, fan)) || (await cut(client, generation, size, recent))
    })
    if (!sealed) break
    made++
  }
  if (made >= fan) await pool.query(`analyze ${schema}.slice, ${schema}.roll`) // many at once: sooner than autovacuum does
  return made
}

/** Cuts the next slice off the tail, if there is enough of it below the watermark. */
async function cut(client: pg.PoolClient, generation: Sealed, size: number, recent: Recent | undefined) {
  const { schema } = generation
  const after = await lastSealed(client, schema)
  const slice = recent?.next(after)
  const sum = slice === undefined ? await sumAfter(client, generation, after, size) : slice
  if (!sum) return false
  const { rollUp, end } = sum
  if (rollUp.holders.length)
    for (const entry of await moneyUpTo(client, schema, rollUp.holders, after)) rollUp.earlier(entry)
  const { rows: made } = await client.query<{ id: number }>(
    `insert into ${schema}.slice (level, known_from, known_to) values (0, $1, $2) returning id`,
    [at(after), at(end)],
  )
  await send(client, copy(schema, 'roll', rollColumns(made[0]!.id), [...rollUp.rolls()]))
  return true
}

/** The next slice, read from the table and added up; null while there is too little below the watermark. */
async function sumAfter(
  client: pg.PoolClient,
  generation: Sealed,
  after: Instant,
  size: number,
): Promise<Slice | null> {
  const slice = await entriesAfter(client, generation, after, size)
  if (!slice) return null
  const { entries, end } = slice
  const rollUp = new RollUp(generation.rolled)
  for (let begin = 0; begin < entries.length; begin += STRETCH) {
    for (const entry of entries.slice(begin, begin + STRETCH)) rollUp.add(entry)
    await turn()
  }
  return { rollUp, end }
}

/** Adds up the oldest slices of a level that has enough of them. They stay: an answer known at a time within needs them. */
async function merge(client: pg.PoolClient, { schema }: Sealed, fan: number): Promise<boolean> {
  const { rows } = await client.query<{ level: number; ids: number[] }>(
    `select level, (array_agg(id order by known_from))[:$1] ids from ${schema}.slice
     where parent_to is null group by level having count(*) >= $1 order by level limit 1`,
    [fan],
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
  await client.query(
    `insert into ${schema}.roll (slice, ${ROLL_COLUMNS}) select $2::int, ${ROLL_COLUMNS} from (${mergedRolls(schema)}) r`,
    [ids, made[0]!.id],
  )
  return true
}
