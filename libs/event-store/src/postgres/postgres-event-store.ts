import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { contentHash, FunnelError, topicById, topics, type Envelope, type Recorded } from '@funnel/events'
import { createPool } from '@funnel/platform'
import type { Append, Appended, EventStore, Rejection } from '../event-store.js'
import { addressOfEvent } from '../address.js'
import { createBell } from './bell.js'

interface Row {
  readonly outcome: Appended['outcome']
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly recorded_ms: number
  readonly envelope: Envelope | null
}

/** Tries of one append: another writer may take the same id in another partition, or be the other half of a deadlock. */
const ATTEMPTS = 10
/** unique_violation of an id, serialization_failure, deadlock_detected */
const RETRIED = new Set(['23505', '40001', '40P01'])

/** Settings of every connection that appends: durable, and never a lock held by a writer that hangs. */
const APPEND_SETTINGS = [
  'synchronous_commit=on',
  'transaction_timeout=10s',
  'idle_in_transaction_session_timeout=10s',
  'plan_cache_mode=force_generic_plan',
].flatMap((setting) => ['-c', setting])

export interface PostgresEventStoreOptions {
  readonly url: string
  /** Connections; each carries one append at a time. */
  readonly connections?: number
}

/** The store on PostgreSQL. Run `migrateStore` before. */
export async function openEventStore({ url, connections = 8 }: PostgresEventStoreOptions): Promise<EventStore> {
  const pool = createPool(url, 'funnel-event-store', connections, APPEND_SETTINGS.join(' '))
  const key = await hashKey(pool).catch(async (error: unknown) => {
    await pool.end()
    throw error
  })
  const bell = createBell(url)

  return {
    async append(...appends) {
      if (!appends.some(({ events }) => events.length)) return []
      const [input, expected] = encode(key, appends)
      for (let attempt = 1; ; attempt++) {
        try {
          const { rows } = await pool.query<Row>({
            name: 'append',
            text: 'select * from store.append($1, $2)',
            values: [input, expected],
          })
          bell.ring()
          return decode(appends, rows)
        } catch (error) {
          if (attempt < ATTEMPTS && RETRIED.has(codeOf(error))) await sleep(Math.random() * 4 * attempt)
          else throw translated(error)
        }
      }
    },

    async read(stream, after = 0) {
      try {
        const { rows } = await pool.query<Row>({
          name: 'read-stream',
          text: `select topic, partition, position, stream, version, (extract(epoch from recorded_at) * 1000)::bigint recorded_ms, envelope
                 from store.event where stream = $1 and version > $2 order by version`,
          values: [stream, after],
        })
        return rows.map((row) => recordOf(row, row.envelope!))
      } catch (error) {
        throw translated(error)
      }
    },

    async reject(rejections) {
      if (!rejections.length) return
      try {
        await pool.query(REJECT, [JSON.stringify(rejections.map(storable))])
      } catch (error) {
        throw translated(error)
      }
    },

    async close() {
      await bell.close()
      await pool.end()
    },
  }
}

const REJECT = `
  with input as (
    select row_number() over () as n, x.* from json_to_recordset($1) as x (source text, code text, field text, message text, body text)
  ),
  bodies as (insert into vault.raw (body) select body from input order by n returning id),
  numbered as (select row_number() over (order by id) as n, id from bodies)
  insert into store.rejected_event (source, code, field, message, raw)
  select i.source, i.code, i.field, i.message, b.id from input i join numbered b on b.n = i.n`

/** Text that PostgreSQL refuses is kept in escaped form, so that a refusal can always be recorded. */
const storable = (rejection: Rejection): Rejection => ({
  ...rejection,
  message: printable(rejection.message),
  body: printable(rejection.body),
  ...(rejection.field === undefined ? {} : { field: printable(rejection.field) }),
})
const printable = (text: string): string => text.toWellFormed().replaceAll('\0', String.raw`\u0000`)

async function hashKey(pool: pg.Pool): Promise<Buffer> {
  try {
    const { rows } = await pool.query<{ hash_key: Buffer }>('select hash_key from store.meta')
    if (rows[0]) return rows[0].hash_key
  } catch (error) {
    if (codeOf(error) !== '42P01') throw translated(error)
  }
  throw new FunnelError('UNAVAILABLE', 'the database has no event store yet: run the migrations (funnel up does)')
}

function encode(key: Buffer, appends: readonly Append[]): [string, string] {
  let ord = 0
  const expected: Record<string, number> = {}
  const input = appends.flatMap((append) => {
    Object.assign(expected, append.expected)
    return append.events.map((event) => {
      const { topic, partition, stream } = addressOfEvent(event)
      return {
        ord: ord++,
        topic: topics[topic].id,
        partition,
        stream,
        id: event.id,
        type: event.type,
        hash: `\\x${contentHash(key, event, append.timeSupplied?.has(event.id)).toString('hex')}`,
        source: event.source,
        envelope: event,
      }
    })
  })
  return [JSON.stringify(input), JSON.stringify(expected)]
}

function decode(appends: readonly Append[], rows: readonly Row[]): Appended[] {
  const events = appends.flatMap(({ events }) => events)
  return rows.map((row, i) => ({ outcome: row.outcome, record: recordOf(row, row.envelope ?? events[i]!) }))
}

const recordOf = (row: Row, event: Envelope): Recorded => ({
  topic: topicById(row.topic),
  partition: row.partition,
  position: row.position,
  stream: row.stream,
  version: row.version,
  recorded: row.recorded_ms,
  event,
})

const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? ''

function translated(error: unknown): unknown {
  if (error instanceof FunnelError) return error
  const { detail } = error as { detail?: string }
  if (codeOf(error) === 'FN001') {
    const details = JSON.parse(detail ?? '{}') as { stream: string; expected: number; actual: number }
    const { stream, expected, actual } = details
    return new FunnelError(
      'VERSION_CONFLICT',
      `${stream} is at version ${actual}, not ${expected}: read it again and decide anew`,
      details,
    )
  }
  // 22: a value that PostgreSQL cannot hold; the door refuses these before they come here
  if (codeOf(error).startsWith('22'))
    return new FunnelError('INVALID', 'the store cannot hold a value of this event', {}, error)
  return new FunnelError('UNAVAILABLE', 'the event store did not answer; try again', { retryAfter: 1 }, error)
}
