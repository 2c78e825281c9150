import type pg from 'pg'
import { definitionsHash, foldHash, type Definitions } from '@funnel/definitions'
import { covers, FunnelError, type Instant, type Positions } from '@funnel/events'
import { foldedHistory } from './applied.js'
import { indexes, tables } from './tables.js'

/** One complete set of read models, folded from one log under one set of definitions. */
export interface Generation {
  readonly id: number
  readonly schema: string
  readonly state: 'building' | 'live' | 'retired'
  readonly definitions: Definitions
  readonly definitionsHash: string
  /**
   * The dimensions that its slices are added up by, all of them: those there were when it was made. By one that came later
   * is asked from the entries, until a rebuild.
   */
  readonly rolled: readonly string[]
  readonly epoch: string
  /** The fence: how many transactions have folded into it. */
  readonly fold: number
  /** Everything recorded up to here is folded; null before the first batch. */
  readonly w: Instant | null
  readonly positions: Positions
  readonly parked: number
}

const COLUMNS = `id, schema, state, definitions, definitions_hash "definitionsHash", rolled, epoch, fold,
  (extract(epoch from w) * 1000)::bigint w, positions, parked`

/** A pool or a connection. */
export type Queryable = Pick<pg.ClientBase, 'query'>

/** The generation that answers, or undefined in a new database. */
export async function liveGeneration(db: Queryable): Promise<Generation | undefined> {
  const { rows } = await db.query<Generation>(`select ${COLUMNS} from read.generation where state = 'live'`)
  return rows[0]
}

/** The generation with this id as it is now. Throws NOT_FOUND. */
export async function generationOf(db: Queryable, id: number): Promise<Generation> {
  const { rows } = await db.query<Generation>(`select ${COLUMNS} from read.generation where id = $1`, [id])
  if (!rows[0]) throw new FunnelError('NOT_FOUND', `there is no generation ${id}`)
  return rows[0]
}

/** What a generation is made of. */
export interface NewGeneration extends Pick<Generation, 'definitions' | 'epoch'> {
  readonly state: 'building' | 'live'
  /** Dimensions to add up by beside those of the definitions. */
  readonly later?: readonly string[]
}

/**
 * Of the tables that a generation is made with: the number of the migration that replaced those of another shape. A process of
 * a version before that still runs makes none any more, for the table then asks for this one at least.
 */
const SHAPE = 21

/**
 * Makes a generation with empty tables. A live one has the indexes that questions need from the start; the others get them
 * by `addIndexes`.
 */
export async function createGeneration(
  pool: pg.Pool,
  { definitions, epoch, state, later = [] }: NewGeneration,
): Promise<Generation> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: number }>(`select nextval('read.generation_id')::int as id`)
    const { id } = rows[0]!
    const schema = `gen_${id}`
    const rolled = [...new Set([...definitions.dimensions.map((dimension) => dimension.id), ...later])]
    await client.query(tables(schema))
    if (state === 'live') await client.query(indexes(schema).join(''))
    await client.query(
      'insert into read.generation (id, schema, state, definitions, definitions_hash, rolled, epoch, shape) values ($1, $2, $3, $4, $5, $6, $7, $8)',
      [id, schema, state, JSON.stringify(definitions), definitionsHash(definitions), rolled, epoch, SHAPE],
    )
    return generationOf(client, id)
  })
}

/**
 * The generation under new definitions, where they differ in KPIs only: those are formulas over what is folded already.
 * Where stages, conversions, dimensions or teams that one asks for differ it stays as it is and needs a rebuild, also where
 * that dimension is of the log; so it does where it has a KPI that `definitions` have not, or in an earlier version, as a
 * process that was not restarted yet finds it.
 */
export async function adoptKpis(db: Queryable, generation: Generation, definitions: Definitions): Promise<Generation> {
  const hash = definitionsHash(definitions)
  if (hash === generation.definitionsHash) return generation
  const folded = await foldedHistory(db, generation)
  if (foldHash(definitions, folded) !== foldHash(generation.definitions, folded)) return generation
  const versions = new Map(definitions.kpis.map(({ id, version }) => [id, version]))
  if (generation.definitions.kpis.some(({ id, version }) => version > (versions.get(id) ?? 0))) return generation
  await db.query('update read.generation set definitions = $2, definitions_hash = $3 where id = $1', [
    generation.id,
    JSON.stringify(definitions),
    hash,
  ])
  return { ...generation, definitions, definitionsHash: hash }
}

/** Makes the indexes that questions need, those of the entries beside the others. */
export const addIndexes = async (pool: pg.Pool, { schema }: Generation): Promise<void> => {
  const [ofEntries, ofTheRest] = indexes(schema)
  const rest = ['dims', 'fact', 'node', 'lead', 'deal', 'clock'].map((table) => `${schema}.${table}`)
  await allEnded([
    pool.query(`${ofEntries} analyze ${schema}.entry`),
    pool.query(`${ofTheRest} analyze ${rest.join()}`),
  ])
}

/**
 * Makes a generation the live one, in place of the one that was, if it has folded at least as much; tells whether it did.
 * One that was folded from another log, as before a restore, has nothing to compare and is replaced. The watermark of the
 * live generation never falls. One update: readers that run go on with the old tables, later ones find the new.
 */
export async function switchTo(pool: pg.Pool, id: number): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query(`select from read.generation where id = $1 or state = 'live' order by id for update`, [id])
    const [next, live] = [await generationOf(client, id), await liveGeneration(client)]
    const sameLog = live?.epoch === next.epoch
    if (live && live.id !== id && sameLog && !covers(next.positions, live.positions)) return false
    // the fence moves with the state, so that whoever folds the old one notices
    await client.query(
      `update read.generation set state = 'retired', fold = fold + 1 where state = 'live' and id <> $1`,
      [id],
    )
    // whatever was recorded up to the live one's watermark lies within positions that the next one has folded as well
    await client.query(
      `update read.generation set state = 'live', switched_at = clock_timestamp(), w = greatest(w, $2::timestamptz) where id = $1`,
      [id, sameLog && live?.w ? new Date(live.w) : null],
    )
    await client.query(`select pg_notify('funnel_read', $1)`, [String(id)])
    return true
  })
}

/** How long a reader of a retired generation may hold up the fold. Milliseconds; autovacuum gives way after one second. */
const PATIENCE = 2000

/**
 * Drops retired generations that were replaced more than so many minutes ago; returns how many. One that somebody still
 * reads is left for the next time.
 */
export async function dropRetired(pool: pg.Pool, olderThanMinutes = 10): Promise<number> {
  const { rows } = await pool.query<{ id: number; schema: string }>(
    `select g.id, g.schema from read.generation g, read.generation live
     where g.state = 'retired' and live.state = 'live' and coalesce(live.switched_at, live.created_at) < clock_timestamp() - make_interval(mins => $1)`,
    [olderThanMinutes],
  )
  let dropped = 0
  for (const { id, schema } of rows) {
    try {
      await dropGeneration(pool, id, schema, PATIENCE)
      dropped++
    } catch (error) {
      if (!isLockTimeout(error)) throw error
    }
  }
  return dropped
}

const isLockTimeout = (error: unknown) => error instanceof Error && 'code' in error && error.code === '55P03'

/** Removes a generation that is not live. Waits for whoever reads it: at most `patience` ms, or 0 for as long as it takes. */
export const dropGeneration = (pool: pg.Pool, id: number, schema: string, patience = 0): Promise<void> =>
  inTransaction(pool, async (client) => {
    await client.query(`set local lock_timeout = ${patience}`)
    const { rowCount } = await client.query(`delete from read.generation where id = $1 and state <> 'live'`, [id])
    if (rowCount) await client.query(`drop schema ${schema} cascade`)
  })

/** As `Promise.all`, but fails only once nothing of it runs any more: it would hold locks on what is then removed. */
export async function allEnded(work: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work)
  await Promise.all(work)
}

/** Begins a transaction as it is here by default, whatever it is by default in the database: what waits for a lock goes on with what is there then. */
export const BEGIN = 'begin isolation level read committed'

/** Runs `work` in a transaction, which `begin` begins: all of it or nothing. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = BEGIN,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((cause: unknown) => (broken = cause as Error))
    throw error
  } finally {
    client.release(broken)
  }
}
