import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { statOf } from '@funnel/platform/host'
import { startPostgres, testDatabase, type TestPostgres } from './index.js'

const ask = async (url: string, text: string): Promise<unknown> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return Object.values(rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

describe('a PostgreSQL for tests', () => {
  let server: TestPostgres | undefined
  afterAll(() => server?.remove())

  it('gives every suite a database of its own', async () => {
    const [a, b] = await Promise.all([testDatabase(), testDatabase()])
    expect(a.url).not.toBe(b.url)
    expect(await ask(a.url, 'show synchronous_commit')).toBe('on')
    await Promise.all([a.drop(), b.drop()])
  })

  it('copies a database', async () => {
    const original = await testDatabase()
    await ask(original.url, 'create table copied as select 42 answer')
    const copy = await testDatabase({ template: new URL(original.url).pathname.slice(1) })
    await ask(original.url, 'update copied set answer = 0')
    expect(await ask(copy.url, 'select answer from copied')).toBe(42)
    await Promise.all([original.drop(), copy.drop()])
  })

  it('keeps what was committed when it is killed', async () => {
    server = await startPostgres()
    await ask(server.url, 'create table kept as select 42 answer')
    const before = server.pid
    await server.kill()
    expect(server.pid).toBeUndefined()
    await server.start()
    expect(server.pid).not.toBe(before)
    expect(await ask(server.url, 'select answer from kept')).toBe(42)
  })

  it('takes along what its processes were at when it is killed', async () => {
    server ??= await startPostgres()
    await server.start()
    const client = new pg.Client({ connectionString: server.url })
    client.on('error', () => undefined)
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() pid')
    // it would not notice for half a minute that the postmaster is gone
    const busy = client.query('select count(*) from generate_series(1, 300000000)').catch(() => undefined)
    await sleep(200)
    await server.kill()
    expect(statOf(rows[0]!.pid)?.[0] ?? 'Z').toBe('Z')
    await busy
    // one that had not ended would keep the shared memory from it
    await server.start()
    expect(await ask(server.url, 'select 1')).toBe(1)
  })
})
