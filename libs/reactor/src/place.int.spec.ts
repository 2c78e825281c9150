import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import type { Head } from '@funnel/events'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { migrateReactor } from './migrations/index.js'
import { keepOf } from './place.js'
import type { Timer } from './reactor.js'

describe('what a reactor keeps', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeEach(async () => {
    database = await testDatabase()
    await migrateReactor(database.url)
    pool = new pg.Pool({ connectionString: database.url, max: 1 }) // one, whose counters are asked for
  })
  afterEach(async () => {
    await pool.end()
    await database.drop()
  })

  const timer = (id: string, due: number): Timer => ({ id, due, cause: { id: randomUUID() }, data: null })
  /** Timers that were looked at, in whatever way. */
  const read = async () => {
    await pool.query('select pg_stat_force_next_flush()')
    const { rows } = await pool.query<{ read: number }>(
      `select (seq_tup_read + idx_tup_fetch)::int "read" from pg_stat_user_tables where relid = 'reactor.timer'::regclass`,
    )
    return rows[0]!.read
  }

  it('is quiet after a restore about what was put back, not about what came due or was recorded since then', async () => {
    const before: Head = { epoch: randomUUID(), positions: { leads: [1] }, w: 1000 }
    await keepOf<never>(pool, 'test', before)
    const restored = { ...before, epoch: randomUUID(), w: 5000 }
    for (const name of ['test', 'whose place was not put back'])
      expect((await keepOf<never>(pool, name, restored, 2000)).place.quietUntil).toBe(2000)
    // no store says what was put back there
    const again = { ...restored, epoch: randomUUID() }
    expect((await keepOf<never>(pool, 'test', again)).place.quietUntil).toBe(5000)
  })

  it('finds the first timers without looking at all that are due at one instant', async () => {
    const keep = await keepOf<never>(pool, 'test', { epoch: randomUUID(), positions: {}, w: 0 })
    const ids = Array.from({ length: 5000 }, (_, i) => `timer-${String((i * 7919) % 5000).padStart(4, '0')}`)
    const armed = new Map(ids.map((id) => [id, timer(id, 1000)]))
    await keep.save({ states: new Map(), gone: new Set(), intents: [], fired: [], armed }, {}, 0)
    await pool.query('analyze reactor.timer')
    const before = await read()

    const due = await keep.dueBy(2000, 10)

    expect(due.map(({ id }) => id)).toEqual(ids.toSorted().slice(0, 10))
    expect((await read()) - before).toBeLessThan(100)
  })
})
