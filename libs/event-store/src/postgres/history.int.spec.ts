import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { derivedId, type Envelope, type Recorded } from '@funnel/events'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { memoryEventStore } from '../memory/memory-event-store.js'
import { migrateStore } from '../migrations/index.js'
import { fillWithHistory } from './history.js'
import { openEventStore } from './postgres-event-store.js'

const HOUR = 3_600_000

describe('a store that begins with a history', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeEach(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 3)
  })
  afterEach(async () => {
    await pool.end()
    await database.drop()
  })

  const touch = (n: number, time: number): Envelope => ({
    specversion: '1.0',
    id: derivedId('touch', n),
    source: '/test',
    type: 'touchpoint.recorded',
    dataschema: 'touchpoint.recorded:1',
    time: new Date(time).toISOString(),
    partitionkey: `v${n % 3}`,
    data: { visitor: `v${n % 3}`, kind: 'page' },
  })
  const history = async (hours: readonly number[]): Promise<readonly Recorded[]> => {
    const start = Date.now() - 100 * HOUR
    let now = start
    const memory = memoryEventStore(() => now)
    for (const [n, hour] of hours.entries()) {
      now = start + hour * HOUR
      await memory.append({ events: [touch(n, now)] })
    }
    now += HOUR
    return memory.tail.read({}, (await memory.tail.heads()).positions, 1e6)
  }

  it('has it as it was recorded, and goes on from there with the real clock', async () => {
    const records = await history([1, 2, 3, 5, 5, 8])
    await fillWithHistory(pool, records)
    await advanceHead(pool)
    const tail = postgresEventTail(pool)
    expect(await tail.read({}, (await tail.heads()).positions, 100)).toEqual(records)

    const store = await openEventStore({ url: database.url })
    const before = Date.now() - 1000
    const [again, next] = await store.append({ events: [records[0]!.event, touch(99, Date.now())] })
    expect(again).toEqual({ outcome: 'duplicate', record: records[0] })
    expect(next).toMatchObject({ outcome: 'recorded', record: { version: 3 } })
    expect(next!.record.recorded).toBeGreaterThan(before)
    await store.close()
  })

  it('refuses a store that holds anything, and a history that is not over', async () => {
    const records = await history([1, 2])
    await expect(fillWithHistory(pool, await history([200]))).rejects.toMatchObject({ code: 'INVALID' })
    await fillWithHistory(pool, records)
    await expect(fillWithHistory(pool, records)).rejects.toMatchObject({ code: 'REJECTED' })
  })
})
