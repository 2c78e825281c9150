import pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import { addressOf, contentHash, counter, topics, typeOf, type Envelope } from '@funnel/events'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { assertDurable, migrateStore, openEventStore } from '@funnel/event-store'
import { CopyIn, migrateRead, rebuild } from '@funnel/projections'
import { syntheticLog, testDatabase } from '@funnel/testing'
import { assertRight } from './right.js'

/** A log that goals begin with, and its read models, in a database to be copied. */
export interface History {
  readonly events: number
  /** The database's name. */
  readonly database: string
}

/** A history until it is dropped. */
export interface Filled extends History {
  drop(): Promise<void>
}

/** Other synthetic logs have other seeds, and so other ids. */
const SEED = 0
/** However many events there are, they were recorded over so many days, up to this end. */
const DAYS = 400
const END = Date.UTC(2026, 0, 1)
const CHUNK = 10_000

const log = (events: number) => syntheticLog(events, { seed: SEED, days: DAYS, end: END })

/**
 * Fills a database with a synthetic log by COPY and folds its read models by one rebuild, in memory that grows by no more
 * than a number for each stream. Throws where the server may lose commits, and unless a resend of events changes nothing
 * and the ledger counts what independent SQL counts.
 */
export async function fill(events: number): Promise<Filled> {
  const database = await testDatabase()
  const { url } = database
  try {
    await migrateStore(url)
    await migrateRead(url)
    await assertServerDurable(url)
    const pool = new pg.Pool({ connectionString: url, max: 4, options: '-c synchronous_commit=off' })
    try {
      await copyLog(pool, events)
      const { w } = await advanceHead(pool)
      const generation = await rebuild({ pool, tail: postgresEventTail(pool), definitions: loadDefinitions() })
      await assertRight(pool, generation, w)
      await assertKnown(url, events)
      await pool.query('vacuum (analyze)') // else it is done in the middle of the measuring
    } finally {
      await pool.end()
    }
  } catch (error) {
    await database.drop()
    throw error
  }
  return { events, database: new URL(url).pathname.slice(1), drop: () => database.drop() }
}

/** Throws UNSAFE_DATABASE unless connections that ask for nothing, as peers' do, are durable. */
async function assertServerDurable(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  try {
    await assertDurable(pool)
  } finally {
    await pool.end()
  }
}

/**
 * Frozen, so that no vacuum looks at the rows any more: appends over ten million events were half as quick after one. It
 * opens the gaps of all pages at once, and what is appended is thought to go there for long, into old pages all over the
 * table, where a store that has grown has filled them as it grew.
 */
async function copyLog(pool: pg.Pool, events: number): Promise<void> {
  const { rows } = await pool.query<{ key: Buffer }>('select hash_key as key from store.meta')
  const client = await pool.connect()
  try {
    await client.query('begin; truncate store.event') // freezing asks for that
    let lines: string[] = []
    let copying: Promise<unknown> = Promise.resolve()
    const flush = async () => {
      const data = Buffer.from(lines.join(''))
      lines = []
      await copying // meanwhile the next lines are made
      copying = client.query(new CopyIn('copy store.event from stdin (freeze)', data)).done
      copying.catch(() => undefined) // awaited with the next chunk
    }
    for (const line of linesOf(events, rows[0]!.key)) if (lines.push(line) === CHUNK) await flush()
    await flush()
    await copying
    await client.query('commit')
  } finally {
    client.release()
  }
  await pool.query('analyze store.event')
}

/** The rows of the event table that the append would have made of the log, as COPY reads them. */
function* linesOf(events: number, key: Buffer): Generator<string, void> {
  const next = counter()
  let index = 0
  for (const event of log(events)) {
    const { topic, partition, stream } = addressOf(typeOf(event.type)!.category, event.partitionkey)
    const recorded = new Date(END - ((events - index++) * DAYS * 86_400_000) / events)
    const fields = [
      topics[topic].id,
      partition,
      next(`${topic}/${partition}`),
      stream,
      next(stream),
      event.id,
      event.type,
      recorded.toISOString(),
      `\\x${contentHash(key, event).toString('hex')}`,
      JSON.stringify(event),
    ]
    yield `${fields.join('\t').replaceAll('\\', '\\\\')}\n`
  }
}

/** Throws unless the store knows the first of the events when they are sent again. */
async function assertKnown(url: string, events: number): Promise<void> {
  const store = await openEventStore({ url, connections: 1 })
  try {
    const resent: Envelope[] = log(events).take(100).toArray()
    const answers = await store.append({ events: resent })
    if (!answers.every(({ outcome }) => outcome === 'duplicate')) throw new Error('the store does not know its history')
  } finally {
    await store.close()
  }
}
