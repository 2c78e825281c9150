import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { proxyOf } from '../testing/proxy.js'
import { ReadDatabase } from './database.js'

describe('the read models’ database', () => {
  let server: TestDatabase
  let pool: pg.Pool
  let cancels: pg.Pool
  let database: ReadDatabase
  beforeAll(async () => {
    server = await testDatabase()
    pool = createPool(server.url, 'spec', 1)
    cancels = createPool(server.url, 'spec-cancels', 1)
    database = new ReadDatabase(pool, cancels)
  })
  afterAll(async () => {
    await pool?.end()
    await cancels?.end()
    await server?.drop()
  })

  const ask = (text: string, patience = 10_000, of = database, signal?: AbortSignal) =>
    of.rows<Record<string, unknown>>({ name: '', text, values: [] }, { deadline: Date.now() + patience, signal })
  const leave = (text: string, signal: AbortSignal) => ask(text, 600_000, database, signal)
  const gone = { code: 'DEADLINE' }

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

  /** Resolves when this statement runs. */
  const begun = async (text: string) => {
    const running = `select from pg_stat_activity where application_name = 'spec' and state = 'active' and query = $1`
    while (!(await cancels.query(running, [text])).rowCount) await turn()
  }

  it('cancels the statement of a caller who has gone, and gives the connection to the next', async () => {
    const [before] = await ask('select pg_backend_pid() pid')
    const stop = new AbortController()
    const left = leave('select pg_sleep(600)', stop.signal)
    await begun('select pg_sleep(600)')
    stop.abort()
    await expect(left).rejects.toMatchObject(gone)
    expect(await ask('select pg_backend_pid() pid')).toEqual([before])
  })

  it('never cancels the statement of the next caller, whenever the one before went', async () => {
    for (let turns = 0; turns < 100; turns++) {
      const stop = new AbortController()
      const left = leave('select pg_sleep(0.001)', stop.signal).catch((error: unknown) => error)
      const next = ask('select pg_sleep(0.002), 1 one')
      for (let i = 0; i < turns % 50; i++) await turn()
      stop.abort()
      expect(await next).toMatchObject([{ one: 1 }])
      await left
    }
  })

  it('cancels once more what had not begun when it was cancelled', async () => {
    const stop = new AbortController()
    let told = 0
    const deaf = {
      query: (...args: [string]) => (told++ === 0 ? Promise.resolve({ rows: [] }) : cancels.query(...args)),
    } as unknown as pg.Pool
    const left = ask('select pg_sleep(600)', 600_000, new ReadDatabase(pool, deaf), stop.signal)
    await begun('select pg_sleep(600)')
    stop.abort()
    await expect(left).rejects.toMatchObject(gone)
    expect(told).toBeGreaterThan(1)
  })

  it('gives a connection up to which a cancellation may still be on its way', async () => {
    const [before] = await ask('select pg_backend_pid() pid')
    const stop = new AbortController()
    const lost = { query: () => Promise.reject(new Error('timeout')) } as unknown as pg.Pool
    const left = ask('select pg_sleep(0.5)', 10_000, new ReadDatabase(pool, lost), stop.signal)
    await begun('select pg_sleep(0.5)')
    stop.abort()
    await expect(left).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await ask('select pg_backend_pid() pid')).not.toEqual([before])
  })

  it('asks nothing for a caller who has gone before it could', async () => {
    const taken = await pool.connect()
    const stop = new AbortController()
    const left = leave('select 1 one', stop.signal)
    stop.abort()
    await expect(left).rejects.toMatchObject(gone)
    await expect(leave('select 1 one', stop.signal)).rejects.toMatchObject(gone)
    taken.release()
    expect(await ask('select 1 one')).toEqual([{ one: 1 }])
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

  it.each([
    ['before', false],
    ['while', true],
  ])(
    'is unavailable when it falls silent %s it runs a statement, and there again over another connection',
    async (_, runs) => {
      const proxy = await proxyOf(server.url)
      const behind = createPool(proxy.url, 'spec', 1)
      const over = new ReadDatabase(behind, cancels)
      const [before] = await ask('select pg_backend_pid() pid', 10_000, over)
      if (!runs) proxy.fallSilent()
      const asked = ask('select pg_sleep(600)', 2000, over)
      if (runs) await begun('select pg_sleep(600)').then(() => proxy.fallSilent())
      await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfter: 1 } })
      proxy.speak()
      expect(await ask('select pg_backend_pid() pid', 10_000, over)).not.toEqual([before])
      await behind.end()
      await proxy.close()
    },
  )

  it('is unavailable when nobody listens, or the pool has ended', async () => {
    const nobody = createPool('postgres://somebody@127.0.0.1:1/nothing', 'spec', 1)
    await expect(ask('select 1', 10_000, new ReadDatabase(nobody, nobody))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await nobody.end()
    await expect(ask('select 1', 10_000, new ReadDatabase(nobody, nobody))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })
})
