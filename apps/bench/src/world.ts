import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { loadDefinitions, type Definitions } from '@funnel/definitions'
import { covers, topicNames, type Head } from '@funnel/events'
import { advanceHead, postgresEventTail, type EventLog, type EventTail } from '@funnel/event-log'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import {
  createFolder,
  createGeneration,
  dropGeneration,
  foldAll,
  migrateRead,
  recount,
  type Generation,
} from '@funnel/projections'
import { syntheticLog, testDatabase } from '@funnel/testing'

/** A database with a recorded log, as goals about what follows the append begin. */
export interface World {
  readonly url: string
  readonly store: EventStore
  /** As a projector's: what a crash loses is folded again, so commits need not wait for the disk. */
  readonly pool: pg.Pool
  readonly tail: EventTail
  readonly definitions: Definitions
  /** Appends more of the log; the head lies after it then. */
  grow(events: number): Promise<Head>
  close(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const database = await testDatabase()
  await migrateStore(database.url)
  await migrateRead(database.url)
  const store = await openEventStore({ url: database.url })
  const pool = new pg.Pool({ connectionString: database.url, max: 4, options: '-c synchronous_commit=off' })
  let seed = 6
  return {
    url: database.url,
    store,
    pool,
    tail: postgresEventTail(pool),
    definitions: loadDefinitions(),
    async grow(events) {
      let part = []
      for (const event of syntheticLog(events, { seed: seed++ })) {
        if (part.push(event) < 1000) continue
        await store.append({ events: part })
        part = []
      }
      if (part.length) await store.append({ events: part })
      await pool.query('analyze store.event')
      await sleep(5) // the watermark lies behind the clock
      return advanceHead(pool)
    },
    async close() {
      await store.close()
      await pool.end()
      await database.drop()
    },
  }
}

/** Folds a log from its beginning to a head into a new generation, as the projector does. */
export async function project(
  { pool, definitions }: World,
  log: EventLog,
  group: string,
  head: Head,
): Promise<Generation> {
  const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch: head.epoch, state: 'live' }))
  const opened = await log.open(group, topicNames, async () => folder.generation.positions, { whole: true })
  try {
    await foldAll(folder, opened, () => {
      opened.hint(folder.generation.positions)
      if (covers(folder.generation.positions, head.positions)) void opened.close()
    })
  } finally {
    await opened.close()
  }
  return folder.generation
}

/** Throws unless the ledger counts what independent SQL counts over the events. */
export async function assertRight({ pool }: World, generation: Generation, head: Head): Promise<void> {
  const wrong = (await recount(pool, pool, generation, head.w)).filter(
    ({ fromEvents, fromLedger }) => fromEvents !== fromLedger,
  )
  if (wrong.length) throw new Error(`the ledger is wrong: ${JSON.stringify(wrong)}`)
}

/** Removes a generation, live or not. */
export async function discard({ pool }: World, { id, schema }: Generation): Promise<void> {
  await pool.query(`update read.generation set state = 'retired' where id = $1`, [id])
  await dropGeneration(pool, id, schema)
}
