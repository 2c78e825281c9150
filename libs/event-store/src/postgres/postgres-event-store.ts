import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { FunnelError } from '@funnel/events'
import { createPool } from '@funnel/platform'
import type { EventStore, Rejection } from '../event-store.js'
import { APPEND_SETTINGS } from './append-settings.js'
import { appendCall, recordOf, type AppendRow } from './append-call.js'
import { createBell } from './bell.js'
import { codeOf, translated } from './errors.js'
import { addressesIn, hmacOf } from '../vault/addresses.js'
import { vaultKey } from '../vault/vault.js'

/** Tries of one append: another writer may take the same id in another partition, or be the other half of a deadlock. */
const ATTEMPTS = 10
/** unique_violation of an id, serialization_failure, deadlock_detected */
const RETRIED = new Set(['23505', '40001', '40P01'])

export interface PostgresEventStoreOptions {
  readonly url: string
  /** Connections; each carries one append at a time. */
  readonly connections?: number
}

/** The store on PostgreSQL. Run `migrateStore` before. */
export async function openEventStore({ url, connections = 8 }: PostgresEventStoreOptions): Promise<EventStore> {
  const pool = createPool(url, 'funnel-event-store', connections, APPEND_SETTINGS)
  const [key, vault] = await Promise.all([hashKey(pool), vaultKey(pool)]).catch(async (error: unknown) => {
    await pool.end()
    throw error
  })
  const bell = createBell(url)

  return {
    async append(...appends) {
      const { name, values, decode } = appendCall(key, appends)
      if (!appends.some(({ events }) => events.length)) return []
      for (let attempt = 1; ; attempt++) {
        try {
          const { rows } = await pool.query<AppendRow>({
            name,
            text: `select * from store.${name}($1, $2, $3)`,
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
          text: `select ${RECORD} from store.event where stream = $1 and version > $2 order by version`,
          values: [stream, after],
        })
        return rows.map((row) => recordOf(row, row.envelope!))
      } catch (error) {
        throw translated(error)
      }
    },

    async find(id) {
      try {
        const { rows } = await pool.query<AppendRow>({
          name: 'find-event',
          text: `select ${RECORD} from store.event where id = $1`,
          values: [id],
        })
        return rows[0] && recordOf(rows[0], rows[0].envelope!)
      } catch (error) {
        throw translated(error)
      }
    },

    async reject(rejections) {
      if (!rejections.length) return
      try {
        const named = (body: string) =>
          addressesIn(body).map((address) => `\\x${hmacOf(vault, address).toString('hex')}`)
        const rows = rejections.map((rejection) => ({ ...storable(rejection), named: named(rejection.body) }))
        await pool.query('select store.reject($1)', [JSON.stringify(rows)])
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

const RECORD =
  'topic, partition, position, stream, version, (extract(epoch from recorded_at) * 1000)::bigint recorded_ms, envelope'

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
