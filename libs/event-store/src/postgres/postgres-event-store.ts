import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import { assertServerVersion, createPool } from '@funnel/platform'
import type { EventStore, Rejection } from '../event-store.js'
import { APPEND_SETTINGS } from './append-settings.js'
import { appendCall, recordOf, type AppendRow } from './append-call.js'
import { createBell } from './bell.js'
import { assertDurable } from './durable.js'
import { codeOf, translated } from './errors.js'

/** Tries of one append: another writer may take the same id in another partition, or be the other half of a deadlock. */
const ATTEMPTS = 10
/** unique_violation of an id, serialization_failure, deadlock_detected */
const RETRIED = new Set(['23505', '40001', '40P01'])

export interface PostgresEventStoreOptions {
  readonly url: string
  /** Connections; each carries one append at a time. */
  readonly connections?: number
}

/**
 * The store on PostgreSQL. Run `migrateStore` before. Throws UNAVAILABLE when it cannot be reached or has no schema yet,
 * UNSAFE_DATABASE when the server could lose what it acknowledges, INVALID when it is too old.
 */
export async function openEventStore({ url, connections = 8 }: PostgresEventStoreOptions): Promise<EventStore> {
  const key = await firstLook(url)
  const pool = createPool(url, 'funnel-event-store', connections, APPEND_SETTINGS)
  const bell = createBell(url)

  return {
    async append(...appends) {
      const { values, decode } = appendCall(key, appends)
      if (!appends.some(({ events }) => events.length)) return []
      for (let attempt = 1; ; attempt++) {
        try {
          const { rows } = await pool.query<AppendRow>({
            name: 'append',
            text: 'select * from store.append($1, $2, $3)',
            values: [...values],
          })
          bell.ring()
          return decode(rows)
        } catch (error) {
          if (attempt < ATTEMPTS && RETRIED.has(codeOf(error))) await sleep(Math.random() * 4 * attempt)
          else throw translated(error)
        }
      }
    },

    async read(stream, after = 0) {
      try {
        const { rows } = await pool.query<AppendRow>({
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

/** Bodies get their numbers beforehand: who writes to the vault may not read it. */
const REJECT = `
  with input as materialized (
    select x.*, nextval('vault.raw_id_seq') as raw
    from json_to_recordset($1) as x (source text, code text, field text, message text, body text)
  ),
  bodies as (insert into vault.raw (id, body) overriding system value select raw, body from input)
  insert into store.rejected_event (source, code, field, message, raw)
  select source, code, field, message, raw from input order by raw`

/** Text that PostgreSQL refuses is kept in escaped form, so that a refusal can always be recorded. */
const storable = (rejection: Rejection): Rejection => ({
  ...rejection,
  message: printable(rejection.message),
  body: printable(rejection.body),
  ...(rejection.field === undefined ? {} : { field: printable(rejection.field) }),
})
const printable = (text: string): string => text.toWellFormed().replaceAll('\0', String.raw`\u0000`)

/** Checks the database, as it is without our own settings, and gives the key of its hashes. */
async function firstLook(url: string): Promise<Buffer> {
  // a server that is too old would refuse the settings of the pool, and not say why
  await assertServerVersion(url).catch((error: unknown) => {
    throw translated(error)
  })
  const pool = createPool(url, 'funnel-event-store', 1)
  try {
    await assertDurable(pool)
    const { rows } = await pool.query<{ hash_key: Buffer }>('select hash_key from store.meta')
    if (rows[0]) return rows[0].hash_key
  } catch (error) {
    if (codeOf(error) !== '42P01') throw translated(error)
  } finally {
    await pool.end()
  }
  throw new FunnelError('UNAVAILABLE', 'the database has no event store yet: run the migrations (funnel up does)')
}
