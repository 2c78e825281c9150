import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { ReadDatabase } from './database.js'

describe('the read models’ database', () => {
  let server: TestDatabase
  let pool: pg.Pool
  let database: ReadDatabase
  beforeAll(async () => {
    server = await testDatabase()
    pool = createPool(server.url, 'spec', 1)
    database = new ReadDatabase(pool)
  })
  afterAll(async () => {
    await pool?.end()
    await server?.drop()
  })

  const ask = (text: string, patience = 10_000, of = database) =>
    of.rows<Record<string, unknown>>({ name: '', text, values: [] }, Date.now() + patience)

  it('whose connections are all taken is overloaded, not down, and nobody waits beyond his deadline', async () => {
    const taken = await pool.connect()
    await expect(ask('select 1 one', 50)).rejects.toMatchObject({ code: 'OVERLOADED', details: { retryAfter: 1 } })
    taken.release()
    // what came too late for the caller went back to the pool
    expect(await ask('select 1 one')).toEqual([{ one: 1 }])
  })

  it('stops a statement at the deadline, also when the connection came late', async () => {
    const taken = await pool.connect()
    const limit = ask(`select setting::int "limit" from pg_settings where name = 'statement_timeout'`, 5000)
    setTimeout(() => taken.release(), 300)
    expect((await limit)[0]!['limit']).toBeLessThan(4750)
  })

  it('takes a deadline that is farther away than timers count', async () => {
    expect(await ask('select 1 one', 1e12)).toEqual([{ one: 1 }])
  })

  it.each([
    ['a statement that fails', 'select 1 / 0', { code: '22012' }],
    ['a value that the driver cannot read', 'select 9223372036854775807', { name: 'RangeError' }],
  ])('does not tell %s as an outage: it is a bug', async (_, text, error) => {
    await expect(ask(text)).rejects.toMatchObject(error)
    expect(await ask('select 1 one')).toEqual([{ one: 1 }])
  })

  it('is unavailable when the connection is lost, and there again at the next question', async () => {
    await expect(ask('select pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await ask('select 1 one')).toEqual([{ one: 1 }])
  })

  it('is unavailable when nobody listens, or the pool has ended', async () => {
    const nobody = createPool('postgres://somebody@127.0.0.1:1/nothing', 'spec', 1)
    await expect(ask('select 1', 10_000, new ReadDatabase(nobody))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await nobody.end()
    await expect(ask('select 1', 10_000, new ReadDatabase(nobody))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
