import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { mintId } from '@funnel/events'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { captured } from '../event-store.contract.js'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from './postgres-event-store.js'

/** Of so many the planner took reading all of them for cheaper than looking one up. */
const HISTORY = 20_000

describe('a decision in a store that holds much', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 1)
    await pool.query(
      `insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
       select 2, n % 16, n / 16 + 1, 'lead-h' || n, 1, gen_random_uuid(), 'lead.captured', now(), '\\x00',
         jsonb_build_object('data', jsonb_build_object('lead', 'h' || n, 'note', repeat('x', 250)))
       from generate_series(0, $1 - 1) n`,
      [HISTORY],
    )
    await pool.query('analyze store.event')
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  /** How often the table of events was read from end to end, by those who have gone. */
  const scans = async (): Promise<number> => {
    for (;;) {
      const { rows } = await pool.query<{ scans: number; there: number }>(
        `select seq_scan scans, (select count(*) from pg_stat_activity
           where datname = current_database() and application_name = 'funnel-event-store') there
         from pg_stat_user_tables where schemaname = 'store' and relname = 'event'`,
      )
      if (!rows[0]!.there) return rows[0]!.scans
      await sleep(20)
    }
  }

  it('once read the whole log to see whether its events are new: it looks them up', async () => {
    const before = await scans()
    const store = await openEventStore({ url: database.url, connections: 1 })
    for (let version = 0; version < 5; version++) {
      const { length } = await store.read('lead-new')
      expect(length).toBe(version)
      const event = captured('new')
      expect(await store.find(event.id)).toBeUndefined()
      await store.append({ events: [event], expected: { 'lead-new': version } })
      await expect(store.append({ events: [event], expected: { 'lead-new': version + 1 } })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    }
    await store.close()
    expect(await scans()).toBe(before)
  })
  it('beside many others looks up what all of them rest on, and nothing else', async () => {
    const before = await scans()
    const store = await openEventStore({ url: database.url, connections: 2 })
    const streams = Array.from({ length: 250 }, (_, i) => `lead-h${i * 7}`)
    const read = await Promise.all(streams.map((stream) => store.read(stream)))
    expect(read.map((records) => records.map(({ stream }) => stream))).toEqual(streams.map((stream) => [stream]))
    expect(await Promise.all(streams.map((stream) => store.read(stream, 1)))).toEqual(streams.map(() => []))
    expect(await Promise.all(streams.map(() => store.find(mintId())))).toEqual(streams.map(() => undefined))
    await store.close()
    expect(await scans()).toBe(before)
  })
})
