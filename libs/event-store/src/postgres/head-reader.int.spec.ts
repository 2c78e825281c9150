import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { positionOf, type Head } from '@funnel/events'
import { advanceHead, postgresEventTail, startHeadReader, type HeadReader } from '@funnel/event-log'
import { createLogger } from '@funnel/platform'
import { captured } from '../event-store.contract.js'
import type { EventStore } from '../event-store.js'
import { storeDatabase, type StoreDatabase } from '../testing/store-database.js'

const until = async (check: () => boolean | Promise<boolean>) => {
  for (let i = 0; !(await check()); i++) {
    if (i > 1000) throw new Error(`never came true: ${String(check)}`)
    await sleep(10)
  }
}

describe('the reader of the head', () => {
  let database: StoreDatabase
  let pool: pg.Pool
  let store: EventStore
  const readers: HeadReader[] = []
  beforeAll(async () => {
    database = await storeDatabase(4)
    ;({ pool, store } = database)
  })
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()))
  })
  afterAll(() => database.drop())
  const start = (onHead?: (head: Head) => void): HeadReader => {
    const logger = createLogger('test', 'silent')
    const reader = startHeadReader({ url: database.url, logger, ...(onHead ? { onHead } : {}) })
    readers.push(reader)
    return reader
  }
  const shows = async (lead: string): Promise<boolean> => {
    const { topic, partition, position } = (await store.read(`lead-${lead}`)).at(-1)!
    return positionOf((await postgresEventTail(pool).heads()).positions, topic, partition) >= position
  }

  it('publishes what was appended, and a watermark that only rises', async () => {
    const heads: Head[] = []
    start((head) => heads.push(head))
    await until(() => heads.length > 0)
    for (let i = 0; i < 5; i++) {
      await store.append({ events: [captured('a')] })
      await until(() => shows('a'))
    }
    expect(heads.every(({ w }, i) => i === 0 || w > heads[i - 1]!.w)).toBe(true)
    const published = await postgresEventTail(pool).heads()
    expect(published.epoch).toBe(heads[0]!.epoch)
    expect(published.w).toBeLessThan(Date.now())
  })

  it('raises the watermark when nothing is appended, and wakes who waits for it', async () => {
    const reader = start()
    await until(() => reader.head !== undefined)
    const client = await pool.connect()
    try {
      let woken = 0
      client.on('notification', () => woken++)
      await client.query('listen funnel_head')
      const { w } = reader.head!
      await until(() => reader.head!.w > w && woken > 1)
    } finally {
      client.release(true)
    }
  })

  it('works alone: a second one stands by, and goes on when the first one loses its connection', async () => {
    const [one, two] = [start(), start()]
    await until(() => one.active || two.active)
    await sleep(100)
    expect(one.active).toBe(!two.active)
    const active = one.active ? one : two
    await pool.query(
      `select pg_terminate_backend(l.pid) from pg_locks l
       where l.locktype = 'advisory' and l.classid = 7002 and l.granted
         and l.database = (select oid from pg_database where datname = current_database())`,
    )
    await until(() => !active.active || (active === one ? two : one).active)
    await store.append({ events: [captured('b')] })
    await until(() => shows('b'))
    expect(one.active && two.active).toBe(false)
  })

  it('shows readers what is recorded while the clock is behind the watermark', async () => {
    // the clock was an hour ahead when the head was read last
    await pool.query(`update store.meta set floor = date_trunc('milliseconds', clock_timestamp()) + interval '1 hour'`)
    const before = await advanceHead(pool)
    const [appended] = await store.append({ events: [captured('c'), captured('d')] })
    const after = await advanceHead(pool)
    expect(appended!.record.recorded).toBeGreaterThan(before.w)
    expect(appended!.record.recorded).toBeLessThanOrEqual(after.w)
    expect(await shows('c')).toBe(true)
    // it creeps on with what is recorded, and does not run away
    expect(after.w - before.w).toBeLessThan(1000)
  })
})
