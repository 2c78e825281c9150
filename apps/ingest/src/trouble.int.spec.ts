import { execFileSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createWriteKey, migrateStore } from '@funnel/event-store'
import { createPool, loadConfig, startService } from '@funnel/platform'
import { startPostgres, testDatabase } from '@funnel/testing'
import { IngestConfig } from './config.js'
import { ingestService } from './service.js'
import { testHandlers } from './testing/handlers.js'
import { inFlight, running, slowly, type Running } from './testing/ingest.js'

let ingest: Running | undefined
afterEach(async () => {
  await ingest?.close()
  ingest = undefined
})

const event = (id: string) => ({ id, type: 'deal.won', data: { deal: 'd-1' } })

const until = async (check: () => Promise<boolean>) => {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 20))
}
describe('When more comes than can be held,', () => {
  it('requests are told to come back, the bytes held stay within the budget, and it recovers by itself', async () => {
    ingest = await running({ IN_FLIGHT_BYTES: '1000000' })
    const body = `[${' '.repeat(490_000)}${JSON.stringify(event('held'))}]`
    const held = [slowly(ingest, body), slowly(ingest, body)]
    await until(async () => (await inFlight(ingest!)) >= 980_000)
    const response = await ingest.post(JSON.stringify([event('a'), ' '.repeat(30_000)]))
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await response.json()).toMatchObject({ code: 'OVERLOADED', status: 429 })
    expect(await inFlight(ingest)).toBeLessThanOrEqual(1_000_000)
    for (const { finish } of held) finish()
    expect(await Promise.all(held.map(({ answer }) => answer))).toHaveLength(2)
    await until(async () => (await inFlight(ingest!)) === 0)
    expect(await ingest.send(event('a'))).toMatchObject({ accepted: 1 })
  })

  it('by one source, others and commands find room', async () => {
    ingest = await running({ IN_FLIGHT_BYTES: '4000000' }, testHandlers)
    const held = [1, 2, 3].map(() => slowly(ingest!, ' '.repeat(330_001)))
    await until(async () => (await inFlight(ingest!)) >= 990_000)
    const large = JSON.stringify([event('large'), ' '.repeat(30_000)])
    const refused = await ingest.post(large)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    const other = await createWriteKey(ingest.pool, '/shop')
    expect((await ingest.post(large, { authorization: `Bearer ${other}` })).status).toBe(200)
    const command = { type: 'lead.advance', lead: 'l', stage: 'mql', actor: 'ann' }
    expect((await ingest.command(command)).status).toBe(200)
    for (const { abort, answer } of held) {
      abort()
      await expect(answer).rejects.toThrow()
    }
  })

  it('commands find room though others have taken all that there is for events', async () => {
    ingest = await running({ IN_FLIGHT_BYTES: '1000000' }, testHandlers)
    const held = [495_001, 495_001].map((length) => slowly(ingest!, ' '.repeat(length)))
    await until(async () => (await inFlight(ingest!)) >= 990_000)
    const command = { type: 'lead.advance', lead: 'l', stage: 'mql', actor: 'ann' }
    expect((await ingest.command(command)).status).toBe(200)
    for (const { abort, answer } of held) {
      abort()
      await expect(answer).rejects.toThrow()
    }
  })

  it('a connection over which a large body was turned away takes the next request at once', async () => {
    ingest = await running({ IN_FLIGHT_BYTES: '1000000' })
    const held = [490_001, 490_001].map((length) => slowly(ingest!, ' '.repeat(length)))
    await until(async () => (await inFlight(ingest!)) >= 980_000)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const status = (body: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const { url, key } = ingest!
        const sent = request(`${url}/v1/events`, {
          agent,
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
          signal: AbortSignal.timeout(3000),
        })
        sent.on('error', reject)
        sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)))
        sent.end(body)
      })
    try {
      const body = ' '.repeat(400_000)
      for (const large of [body, body]) expect(await status(large, { 'content-length': '400000' })).toBe(429)
      for (const { abort, answer } of held) {
        abort()
        await expect(answer).rejects.toThrow()
      }
      await until(async () => (await inFlight(ingest!)) === 0)
      // its length is not told, so that it is read up to the limit
      expect(await status(' '.repeat(2_000_000), { 'transfer-encoding': 'chunked' })).toBe(413)
      expect(await status(JSON.stringify(event('next')), {})).toBe(200)
    } finally {
      agent.destroy()
    }
  })

  it('a client that goes away gives its bytes back', async () => {
    ingest = await running()
    const { abort, answer } = slowly(ingest, ' '.repeat(100_001))
    await until(async () => (await inFlight(ingest!)) >= 100_000)
    abort()
    await expect(answer).rejects.toThrow()
    await until(async () => (await inFlight(ingest!)) === 0)
  })
})

describe('When the store is away,', () => {
  it('the answer is 503 with a time to come back, and the resend is recorded once', async () => {
    ingest = await running()
    expect(await ingest.send(event('before'))).toMatchObject({ accepted: 1 })
    const name = new URL(ingest.database).pathname.slice(1)
    const admin = createPool(ingest.database.replace(`/${name}`, '/postgres'), 'test-admin', 1)
    try {
      await admin.query(`alter database ${name} with allow_connections false`)
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
      const response = await ingest.post(JSON.stringify(event('during')))
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(await response.json()).toMatchObject({ code: 'UNAVAILABLE' })
      await until(async () => (await fetch(`${ingest!.url}/health/ready`)).status === 503)
      expect((await fetch(`${ingest.url}/health/live`)).status).toBe(200)
    } finally {
      await admin.query(`alter database ${name} with allow_connections true`)
      await admin.end()
    }
    await until(async () => (await fetch(`${ingest!.url}/health/ready`)).status === 200)
    expect(await ingest.send([event('before'), event('during')])).toMatchObject({ accepted: 1, duplicates: 1 })
  })
})

describe('When it stops,', () => {
  it('a request under way is finished and answered', async () => {
    ingest = await running()
    const { finish, answer } = slowly(ingest, JSON.stringify(event('last')))
    await until(async () => (await inFlight(ingest!)) > 0)
    const stopped = ingest.stop()
    finish()
    const { events } = await answer
    await stopped
    const { rowCount } = await ingest.pool.query('select from store.event where id = $1', [events[0]!.id])
    expect(rowCount).toBe(1)
  })
})

describe('When it starts,', () => {
  const start = (url: string) =>
    startService({
      ...ingestService(),
      config: loadConfig(IngestConfig, { DATABASE_URL: url, PORT: '0', GRPC_PORT: '0', LOG_LEVEL: 'silent' }),
    })

  it('it says what is missing: the schema, or durability', async () => {
    const database = await testDatabase()
    try {
      await expect(start(database.url)).rejects.toThrow('run the migrations')
      await migrateStore(database.url)
      const unsafe = new URL(database.url)
      unsafe.searchParams.set('options', '-c synchronous_commit=off')
      await expect(start(unsafe.href)).rejects.toMatchObject({
        code: 'UNSAFE_DATABASE',
        message: expect.stringContaining('synchronous_commit'),
      })
    } finally {
      await database.drop()
    }
  })

  it('and is closed to the network, it asks producers for their write key and operators for the token', async () => {
    const token = 'a-token-of-sixteen-or-more'
    ingest = await running({ FUNNEL_TOKEN: token })
    expect(await ingest.send(event('a'))).toMatchObject({ accepted: 1 })
    expect((await ingest.post('{}', { authorization: '', 'x-funnel-token': token })).status).toBe(401)
    expect((await fetch(`${ingest.url}/metrics`)).status).toBe(401)
    expect((await fetch(`${ingest.url}/metrics`, { headers: { 'x-funnel-token': token } })).status).toBe(200)
    expect((await fetch(`${ingest.url}/health/ready`)).status).toBe(200)
  })
})

describe('When the database hangs, open connections and all,', () => {
  it('who waits is told to come back, a resend is recorded once, and it stops in time', async () => {
    const server = await startPostgres()
    const signal = (name: NodeJS.Signals) => {
      const backends = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' })
      for (const pid of [server.pid!, ...backends.trim().split(/\s+/).map(Number)]) process.kill(pid, name)
    }
    ingest = await running({}, undefined, { url: server.url, drop: () => server.remove() })
    const events = Array.from({ length: 20 }, (_, i) => event(`event-${i}`))
    await Promise.all(Array.from({ length: 40 }, (_, i) => ingest!.send(event(`warm-${i}`))))
    signal('SIGSTOP')
    const answers = await Promise.all(events.map((one) => ingest!.post(JSON.stringify(one))))
    signal('SIGCONT')
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
    expect(answers[0]!.headers.get('retry-after')).toBe('1')
    expect(await ingest.send(events)).toMatchObject({ rejected: 0, conflicts: 0 })
    const { rows } = await ingest.pool.query<{ n: number }>('select count(*) n from store.event')
    expect(rows[0]!.n).toBe(60)

    signal('SIGSTOP')
    // answered, or cut off when the grace of those who are asked is over
    const late = ingest.post(JSON.stringify(event('late'))).then(
      ({ status }) => status,
      () => 503,
    )
    await ingest.stop()
    signal('SIGCONT')
    expect(await late).toBe(503)
  }, 90_000)
})
