import type pg from 'pg'
import { rebased, type Definitions } from '@funnel/definitions'
import { advance, covers, distance, FunnelError, type Head, type Positions } from '@funnel/events'
import type { Batch, EventTail } from '@funnel/event-log'
import { foldAll } from '../fold/fold-all.js'
import { createFolder, type Applied, type Folder } from '../fold/folder.js'
import { appliedUpTo } from '../generation/applied.js'
import {
  addIndexes,
  allEnded,
  createGeneration,
  dropGeneration,
  liveGeneration,
  switchTo,
  type Generation,
} from '../generation/generation.js'
import { sealBeside } from '../rollup/seal-beside.js'
import { seal } from '../rollup/seal.js'

/** How far a rebuild is. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export interface RebuildOptions {
  readonly pool: pg.Pool
  readonly tail: EventTail
  /** What counts where the log says nothing. */
  readonly definitions: Definitions
  /** Told after every batch. */
  readonly onProgress?: (progress: Progress) => void
  /** Ends it between two batches; nothing of it stays. */
  readonly signal?: AbortSignal
}

const BATCH = 5000

/**
 * Folds the whole log into new tables beside the live ones and then makes them live, while reads and folds go on. The
 * definitions given are the new base; what was applied in the log keeps the base of the live generation, so that the time
 * before it was applied stays as it was; it is added up by the dimensions among it from now on. What an earlier rebuild
 * left unfinished is removed first. Throws CONFLICT when a rebuild runs already.
 */
export async function rebuild(options: RebuildOptions): Promise<Generation> {
  const { pool, tail } = options
  return exclusively(pool, async () => {
    const live = await liveGeneration(pool)
    const applied = await appliedUpTo(tail, await tail.heads())
    const definitions = live ? rebased(live.definitions, options.definitions, applied) : options.definitions
    const later = [...applied].flatMap((name) => /^dimension\/(.*)$/s.exec(name)?.[1] ?? [])
    const folder = await folderBeside({ ...options, definitions }, later)
    const { id, schema } = folder.generation
    try {
      await foldSealAndIndex(folder, options)
      for (;;) {
        await foldUpTo(folder, options, await options.tail.heads())
        if (await switchTo(pool, id)) return { ...folder.generation, state: 'live' }
      }
    } catch (error) {
      await dropGeneration(pool, id, schema).catch(() => undefined)
      throw error
    }
  })
}

/**
 * Folds the log up to `head` into tables that never become live, hands them to `work` and removes them: what a rebuild
 * would give, to compare with.
 */
export async function withShadow<T>(
  options: RebuildOptions,
  head: Head,
  work: (shadow: Generation) => Promise<T>,
): Promise<T> {
  const { pool } = options
  return exclusively(pool, async () => {
    const folder = await folderBeside(options)
    const { id, schema } = folder.generation
    try {
      await foldUpTo(folder, options, head)
      return await work(folder.generation)
    } finally {
      await dropGeneration(pool, id, schema)
    }
  })
}

/** Folds into new tables; what an earlier one left is removed. */
async function folderBeside(
  { pool, tail, definitions }: RebuildOptions,
  later: readonly string[] = [],
): Promise<Folder> {
  const { rows } = await pool.query<{ id: number; schema: string }>(
    `select id, schema from read.generation where state = 'building'`,
  )
  for (const { id, schema } of rows) await dropGeneration(pool, id, schema)
  const { epoch } = await tail.heads()
  return createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building', later }))
}

/**
 * Folds up to the head as it is now, and seals meanwhile: the one keeps this process busy, the other the server. Then seals
 * the rest, and makes the indexes meanwhile.
 */
async function foldSealAndIndex(folder: Folder, options: RebuildOptions): Promise<void> {
  const { pool, tail, signal } = options
  const { generation } = folder
  // what fails here fails again when the rest is sealed
  const sealing = sealBeside(pool, generation, () => undefined)
  try {
    await foldUpTo(folder, options, await tail.heads(), ({ entries, generation: { w } }) => sealing.saved(entries, w!))
    const sealed = sealing.close().then(() => seal(pool, generation, signal && { signal }))
    await allEnded([sealed, addIndexes(pool, generation)])
  } finally {
    await sealing.close()
  }
}

async function foldUpTo(
  folder: Folder,
  options: RebuildOptions,
  head: Head,
  saved?: (applied: Applied) => void,
): Promise<void> {
  const { pool, onProgress } = options
  if (head.epoch !== folder.generation.epoch)
    throw new FunnelError('LOG_AHEAD', 'the store was replaced during the rebuild: start it again')
  const total = distance({}, head.positions)
  await pool.query('update read.generation set events_total = $2 where id = $1', [folder.generation.id, total])
  await foldAll(folder, batchesUpTo(options, folder.generation.positions, head), (applied) => {
    saved?.(applied)
    onProgress?.({ done: total - distance(applied.generation.positions, head.positions), total })
  })
}

/** The log from a place to a head; the next page is read while one is folded. The last one brings the watermark. */
async function* batchesUpTo({ tail, signal }: RebuildOptions, from: Positions, head: Head): AsyncGenerator<Batch> {
  const read = (place: Positions) => {
    const page = tail.read(place, head.positions, BATCH)
    page.catch(() => undefined) // awaited a batch later, or not at all when the fold fails meanwhile
    return page
  }
  let place = from
  for (let page = read(place); ;) {
    const events = await page
    signal?.throwIfAborted()
    place = advance(place, events)
    const complete = covers(place, head.positions)
    if (!events.length && !complete) throw new FunnelError('LOG_GAP', 'the store has fewer events than its head says')
    if (!complete) page = read(place)
    yield { events, positions: place, w: complete ? head.w : events.at(-1)!.recorded - 1 }
    if (complete) return
  }
}

/** One rebuild or comparison at a time, by an advisory lock on a connection of its own. */
async function exclusively<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock(7004, 1) as got')
    if (!rows[0]!.got) throw new FunnelError('CONFLICT', 'a rebuild or verification runs already; wait for it to end')
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock(7004, 1)').catch(() => undefined)
    client.release()
  }
}

/** The live generation; makes the first one where there is none. Throws LOG_AHEAD when it was folded from another log. */
export async function liveOrFirst(pool: pg.Pool, definitions: Definitions, { epoch }: Head): Promise<Generation> {
  const live = (await liveGeneration(pool)) ?? (await createGeneration(pool, { definitions, epoch, state: 'live' }))
  if (live.epoch !== epoch)
    throw new FunnelError(
      'LOG_AHEAD',
      'the read models were folded from another log than the store’s: run `funnel rebuild`',
      {
        generation: live.id,
      },
    )
  return live
}
