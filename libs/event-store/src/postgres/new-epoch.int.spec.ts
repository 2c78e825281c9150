import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { migrateStore } from '../migrations/index.js'
import { newEpoch } from './new-epoch.js'

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
  })
})
