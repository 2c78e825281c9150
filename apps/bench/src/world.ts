import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { loadDefinitions, type Definitions } from '@funnel/definitions'
import { covers, topicNames, type Envelope, type Head } from '@funnel/events'
import { advanceHead, postgresEventTail, PostgresEventLog, type EventLog, type EventTail } from '@funnel/event-log'
import { openEventStore, type EventStore } from '@funnel/event-store'
import {
  createFolder,
  createGeneration,
  dropGeneration,
  foldAll,
  liveGeneration,
  sealBeside,
  type Generation,
} from '@funnel/projections'
import { syntheticLog, testDatabase } from '@funnel/testing'
import type { History } from './history.js'
import { poolOf } from './peers/pool.js'

/** Events from which on a fold of the whole log is long. */
const LONG = 500_000

/** A database of a goal's own that begins as a copy of a history. */
export interface World {
  readonly url: string
  readonly store: EventStore
  /** As a projector's: what a crash loses is folded again, so commits need not wait for the disk. */
  readonly pool: pg.Pool
  readonly tail: EventTail
  readonly definitions: Definitions
  /** The head of the history, and its read models. */
  readonly head: Head
  readonly live: Generation
  /** Appends more of a log; the head lies after it then. */
  grow(events: number): Promise<void>
  /** Appends these events as they are; the head lies after them then, and is given. */
  record(events: Iterable<Envelope>): Promise<Head>
  close(): Promise<void>
}

export async function createWorld({ database: template }: History): Promise<World> {
  const database = await testDatabase({ template })
  const store = await openEventStore({ url: database.url })
  const pool = poolOf(database.url, 8, '-c synchronous_commit=off')
  const tail = postgresEventTail(pool)
  const live = await liveGeneration(pool)
  if (!live) throw new Error(`the database ${template} holds no history`)
  let seed = 1
  const record = async (events: Iterable<Envelope>): Promise<Head> => {
    let part: Envelope[] = []
    for (const event of events) {
      if (part.push(event) < 1000) continue
      await store.append({ events: part })
      part = []
    }
    if (part.length) await store.append({ events: part })
    await sleep(5) // the watermark lies behind the clock
    return advanceHead(pool)
  }
  return {
    url: database.url,
    store,
    pool,
    tail,
    definitions: loadDefinitions(),
    head: await tail.heads(),
    live,
    async grow(events) {
      await record(syntheticLog(events, { seed: seed++ }))
    },
    record,
    async close() {
      await store.close()
      await pool.end()
      await database.drop()
    },
  }
}

/** A round that is the whole history: over one that is long, it is done once and warms itself up. */
export function wholeLog({ events }: History, rounds: number): { rounds: number; long: boolean } {
  const long = events >= LONG
  return { rounds: long ? 1 : rounds, long }
}

/** Read models of nothing, that are answered from. */
export const emptyModels = ({ pool, definitions, head }: World): Promise<Generation> =>
  createGeneration(pool, { definitions, epoch: head.epoch, state: 'live' })

/** Folds the history from a log into a generation, and seals beside, as the projector does. */
export const project = (world: World, log: EventLog, group: string, generation: Generation): Promise<Generation> =>
  fold(world, log, group, generation, world.head)

/** Folds what was recorded after the history, up to a head, into its live read models. */
export async function goOn(world: World, head: Head): Promise<void> {
  const log = new PostgresEventLog(world.pool, world.tail)
  try {
    await fold(world, log, 'bench-live', world.live, head)
  } finally {
    await log.close()
  }
}

async function fold(
  { pool }: World,
  log: EventLog,
  group: string,
  generation: Generation,
  head: Head,
): Promise<Generation> {
  const folder = createFolder(pool, generation)
  const opened = await log.open(group, topicNames, async () => folder.generation.positions, { whole: true })
  let unsealed: unknown
  const sealing = sealBeside(pool, folder.generation, (error) => (unsealed = error))
  try {
    await foldAll(folder, opened, ({ entries, generation: { w, positions } }) => {
      sealing.saved(entries, w!)
      opened.hint(positions)
      if (covers(positions, head.positions)) void opened.close()
    })
  } finally {
    await sealing.close()
    await opened.close()
  }
  if (unsealed) throw unsealed
  return folder.generation
}

/** Removes a generation, live or not. */
export async function discard({ pool }: World, { id, schema }: Generation): Promise<void> {
  await pool.query(`update read.generation set state = 'retired' where id = $1`, [id])
  await dropGeneration(pool, id, schema)
}
