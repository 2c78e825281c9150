import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { advanceHead } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { testDatabase } from '@funnel/testing'
import { captured } from '../event-store.contract.js'
import type { EventStore } from '../event-store.js'
import { migrateStore } from '../migrations/index.js'
import { storeDatabase, type StoreDatabase } from '../testing/store-database.js'
import { appendCall } from './append-call.js'
import { APPEND_SETTINGS } from './append-settings.js'
import { simulatedUntil } from './history.js'
import { openEventStore } from './postgres-event-store.js'

describe('the store in a hostile world', () => {
  let database: StoreDatabase
  let pool: pg.Pool
  let store: EventStore
  beforeAll(async () => {
    database = await storeDatabase(4)
    ;({ pool, store } = database)
  })
  afterAll(() => database.drop())

  it('loses a writer that stops reading its answer in the middle of an append, and nobody waits for it for long', async () => {
    // what transaction_timeout does not do: it never fires while the server waits for the network
    const properties = { a: 'x'.repeat(1000), b: 'y'.repeat(1000), c: 'z'.repeat(1000), d: '.'.repeat(1000) }
    const events = Array.from({ length: 4000 }, () => captured('big', { data: { lead: 'big', properties } }))
    await store.append({ events })
    const options = APPEND_SETTINGS.replace('tcp_user_timeout=10s', 'tcp_user_timeout=1s')
    expect(options).not.toBe(APPEND_SETTINGS)
    const stopped = new pg.Client({ connectionString: database.url, options })
    stopped.on('error', () => undefined)
    await stopped.connect()
    const { rows: meta } = await pool.query<{ hash_key: Buffer }>('select hash_key from store.meta')
    // a resend: the answer holds the events, more than all buffers on the way
    const { text, values } = appendCall(meta[0]!.hash_key, [{ events }])
    const answer = stopped.query(text, [...values]).then(
      () => 'answered',
      () => 'lost',
    )
    const { stream } = (stopped as unknown as { connection: { stream: { pause(): void; resume(): void } } }).connection
    stream.pause()
    // it holds its partition, and does so still a moment later
    for (let held = 0; held < 2; await sleep(10)) {
      held = (await holders()) ? held + 1 : 0
      expect(await Promise.race([answer, Promise.resolve('waits')])).toBe('waits')
    }
    const [next] = await store.append({ events: [captured('big')] })
    expect(next!.record.version).toBe(4001)
    const { w } = await advanceHead(pool)
    expect(w).toBeGreaterThanOrEqual(next!.record.recorded)
    stream.resume()
    expect(await answer).toBe('lost')
    await stopped.end().catch(() => undefined)
  })

  it('keeps its settings where the URL has some of its own', async () => {
    const url = new URL(database.url)
    url.searchParams.set('options', '-c transaction_timeout=1h -c statement_timeout=1h')
    const own = createPool(url.href, 'test', 1, APPEND_SETTINGS)
    const { rows } = await own.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings where name in ('transaction_timeout', 'statement_timeout') order by name`,
    )
    expect(rows.map(({ setting }) => setting)).toEqual(['3600000', '10000'])
    await own.end()
  })

  it('appends with a snapshot per statement, whatever the database is set to', async () => {
    const { rows } = await pool.query<{ name: string }>('select current_database() as name')
    await pool.query(`alter database "${rows[0]!.name}" set default_transaction_isolation = 'serializable'`)
    const strict = await openEventStore({ url: database.url })
    await Promise.all(Array.from({ length: 24 }, () => strict.append({ events: [captured('strict')] })))
    expect((await strict.read('lead-strict')).map(({ version }) => version)).toEqual(
      Array.from({ length: 24 }, (_, i) => i + 1),
    )
    await strict.close()
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { text, values } = appendCall(Buffer.alloc(32), [{ events: [captured('strict')] }])
    await expect(client.query(text, [...values])).rejects.toThrow('read committed')
    await client.end()
    await pool.query(`alter database "${rows[0]!.name}" reset default_transaction_isolation`)
  })

  it('bug: a new store read its whole table at each append, until the planner knew of its size', async () => {
    const fresh = await testDatabase()
    await migrateStore(fresh.url)
    const own = await openEventStore({ url: fresh.url, connections: 1 })
    const one = createPool(fresh.url, 'test', 1)
    // autovacuum would tell the planner in the end
    await one.query('alter table store.event set (autovacuum_enabled = false)')
    /** How often the table was scanned, as told when so many rows are known to have been inserted. */
    const scansAfter = async (inserts: number): Promise<number> => {
      for (;;) {
        const { rows } = await one.query<{ scans: number; inserts: number }>(
          `select seq_scan as scans, n_tup_ins as inserts from pg_stat_user_tables where relid = 'store.event'::regclass`,
        )
        if (rows[0]!.inserts >= inserts) return rows[0]!.scans
        await sleep(10)
      }
    }
    const before = await scansAfter(0)
    for (let i = 0; i < 20; i++)
      await own.append({ events: Array.from({ length: 200 }, (_, k) => captured(`${i}-${k}`)) })
    await own.append({ events: [captured('decided')], expected: { 'lead-decided': 0 } })
    await own.append({ events: [...(await own.read('lead-decided')).map(({ event }) => event), captured('new')] })
    await own.close() // its connection tells what it did
    expect(await scansAfter(4002)).toBe(before)
    await one.end()
    await fresh.drop()
  })

  it('tells an event that PostgreSQL cannot hold from a store that is down', async () => {
    const event = captured('nul', { data: { lead: 'nul', owner: '\0' } })
    await expect(store.append({ events: [event] })).rejects.toMatchObject({ code: 'INVALID' })
    expect(await store.read('lead-nul')).toEqual([])
  })

  it('moves the watermark on, and knows what was simulated, whatever form the database writes dates in', async () => {
    const { pathname } = new URL(database.url)
    await pool.query(`alter database ${pathname.slice(1)} set datestyle = 'German, DMY'`)
    const german = createPool(database.url, 'test', 1)
    try {
      const before = Date.now()
      const { w } = await advanceHead(german)
      expect(w).toBeGreaterThanOrEqual(before - 1)
      await german.query(`update store.meta set simulated_until = '28.11.2026 10:00:00.123+00'`)
      expect(await simulatedUntil(german)).toBe(Date.UTC(2026, 10, 28, 10, 0, 0, 123))
    } finally {
      await german.query('update store.meta set simulated_until = null')
      await german.end()
      await pool.query(`alter database ${pathname.slice(1)} reset datestyle`)
    }
  })

  it('tells its own mistakes from a store that is down', async () => {
    await pool.query('alter function store.append rename to hidden')
    await expect(store.append({ events: [captured('a')] })).rejects.toMatchObject({ code: 'INTERNAL' })
    await pool.query('alter function store.hidden rename to append')
    expect((await store.append({ events: [captured('a')] }))[0]!.outcome).toBe('recorded')
  })

  const holders = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*) as n from pg_locks where locktype = 'advisory' and classid = 7001 and mode = 'ExclusiveLock' and granted
         and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows[0]!.n
  }
})
