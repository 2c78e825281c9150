import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { mintId, type Envelope } from '@funnel/events'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { migrateStore } from '../migrations/index.js'
import { historyUntil } from './history.js'
import { newEpoch } from './new-epoch.js'
import { openEventStore } from './postgres-event-store.js'

let database: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  await migrateStore(database.url)
  pool = new pg.Pool({ connectionString: database.url, max: 1 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

describe('a new epoch', () => {
  // automation went unseen once: its lock was not among those that are looked for
  it.each([
    ['head reader', 7002],
    ['relay', 7003],
    ['projector', 7006],
    ['reactor', 7008],
  ])('is refused while a %s leads, though its name is not known', async (_, lock) => {
    const leader = new pg.Client({ connectionString: database.url, application_name: 'unknown' })
    await leader.connect()
    try {
      await leader.query('select pg_advisory_lock($1, 1)', [lock])
      await expect(newEpoch(pool)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('(unknown)'),
      })
    } finally {
      await leader.end()
    }
  })

  it('is another one than before, and the head is gone', async () => {
    const before = await pool.query<{ epoch: string }>('select epoch from store.meta')
    expect(await newEpoch(pool)).not.toBe(before.rows[0]!.epoch)
    expect((await pool.query('select from store.head')).rowCount).toBe(0)
    expect(await historyUntil(pool)).toBeUndefined() // nothing was put back
  })

  it('remembers up to when what was put back had been recorded', async () => {
    const store = await openEventStore({ url: database.url })
    const event: Envelope = {
      specversion: '1.0',
      id: mintId(),
      source: '/test',
      type: 'lead.captured',
      dataschema: 'lead.captured:1',
      time: new Date().toISOString(),
      partitionkey: 'l',
      data: { lead: 'l' },
    }
    await store.append({ events: [event] })
    const [record] = await store.read('lead-l')
    await store.close()
    // what was closed is not seen to be gone at once
    const seen = `select from pg_stat_activity where datname = current_database() and application_name like 'funnel-%'`
    while ((await pool.query(seen)).rowCount) await sleep(10)

    await newEpoch(pool)

    expect(await historyUntil(pool)).toBe(record!.recorded)
  })
})
