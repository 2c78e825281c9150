import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError, idInsteadOf } from '@funnel/events'
import { assertServer, createPool } from '@funnel/platform'
import type { EventStore, Rejection } from '../event-store.js'
import { addressesIn, hmacOf } from '../vault/addresses.js'
import { APPEND_SETTINGS, PATIENCE } from './append-settings.js'
import { appendCall, type AppendAnswer } from './append-call.js'
import { createBell } from './bell.js'
import { assertDurable } from './durable.js'
import { codeOf, translated } from './errors.js'
import { groupedReads } from './grouped-reads.js'

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
 * UNSAFE_DATABASE when the server could lose what it acknowledges, INVALID when it is too old or the database not UTF-8.
 */
export async function openEventStore({ url, connections = 8 }: PostgresEventStoreOptions): Promise<EventStore> {
  const { key, vaultKey } = await firstLook(url)
  const pool = createPool(url, 'funnel-event-store', connections, APPEND_SETTINGS, PATIENCE)
  const bell = createBell(url)

  return {
    ...groupedReads(pool),

    idInsteadOf: (id) => idInsteadOf(key, id),

    async append(...appends) {
      const { text, values, decode } = appendCall(key, appends)
      if (!appends.some(({ events }) => events.length)) return []
      for (let attempt = 1; ; attempt++) {
        try {
          const { rows } = await pool.query<{ answer: AppendAnswer }>({
            name: 'append',
            text,
            values: [...values],
          })
          bell.ring()
          return decode(rows[0]!.answer)
        } catch (error) {
          if (attempt < ATTEMPTS && RETRIED.has(codeOf(error))) await sleep(Math.random() * 4 * attempt)
          else throw translated(error)
        }
      }
    },

    async reject(rejections) {
      if (!rejections.length) return
      try {
        const rows = rejections.map((rejection) => ({
          ...storable(rejection),
          named: addressesIn(rejection.body).map((address) => `\\x${hmacOf(vaultKey, address).toString('hex')}`),
        }))
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

/** Text that PostgreSQL refuses is kept in escaped form, so that a refusal can always be recorded. */
const storable = (rejection: Rejection): Rejection => ({
  ...rejection,
  message: printable(rejection.message),
  body: printable(rejection.body),
  ...(rejection.field === undefined ? {} : { field: printable(rejection.field) }),
})
const printable = (text: string): string => text.toWellFormed().replaceAll('\0', String.raw`\u0000`)

/** The keys of the hashes of contents and of ids that nobody is to know beforehand, and of the HMACs of addresses. */
interface Keys {
  readonly key: Buffer
  readonly vaultKey: Buffer
}

/** Checks the database, as it is without our own settings, and gives its keys. */
async function firstLook(url: string): Promise<Keys> {
  // a server that is too old would refuse the settings of the pool, and not say why
  await assertServer(url).catch((error: unknown) => {
    throw translated(error)
  })
  const pool = createPool(url, 'funnel-event-store', 1)
  try {
    await assertDurable(pool)
    const { rows } = await pool.query<Keys>(
      'select s.hash_key as key, v.key as "vaultKey" from store.meta s, vault.meta v',
    )
    if (rows[0]) return rows[0]
  } catch (error) {
    if (codeOf(error) !== '42P01') throw translated(error)
  } finally {
    await pool.end()
  }
  throw new FunnelError('UNAVAILABLE', 'the database has no event store yet: run the migrations (funnel up does)')
}
