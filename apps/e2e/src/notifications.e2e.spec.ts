import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { startHeadReader } from '@funnel/event-log'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { mintId, type Envelope } from '@funnel/events'
import { createLogger, createPool, freePort } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { funnelWith } from './platform.js'
import { supervise, type Supervised } from './processes.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** Two notifiers as processes, one log, one receiver. */
describe('The notifier', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let store: EventStore
  let heads: ReturnType<typeof startHeadReader>
  let server: Server
  let folder: string
  let settings: Record<string, string>
  const notifiers: Supervised[] = []
  const received: string[] = []
  let answer = (response: ServerResponse): void => void response.writeHead(204).end()

  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 2)
    store = await openEventStore({ url: database.url })
    heads = startHeadReader({ url: database.url, logger: createLogger('test', 'silent') })
    server = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']))
      request.resume().on('end', () => answer(response))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    folder = mkdtempSync(join(tmpdir(), 'funnel-notifications-'))
    const file = join(folder, 'destinations.yaml')
    const { port } = server.address() as AddressInfo
    writeFileSync(
      file,
      `destinations: [{ id: hook, type: webhook, url: 'http://127.0.0.1:${port}/\${HOOK_PATH}', secret: '\${HOOK_SECRET}', events: [sla.breached] }]`,
    )
    settings = {
      DATABASE_URL: database.url,
      FUNNEL_DESTINATIONS: file,
      FUNNEL_ALLOW_PRIVATE_DESTINATIONS: 'true',
      HOOK_SECRET: SECRET,
      HOOK_PATH: 'sesame-open',
    }
    notifiers.push(supervise('notifier', await freePort(), settings))
    await notifiers[0]!.ready()
    notifiers.push(supervise('notifier', await freePort(), settings))
    await until('the second stands by', async () => {
      const ready = await fetch(`http://127.0.0.1:${notifiers[1]!.port}/health/ready`).catch(() => undefined)
      return /stands by/.test((await ready?.text()) ?? '')
    })
  }, 120_000)
  afterAll(async () => {
    await Promise.all(notifiers.map((one) => one.stop()))
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await heads.close()
    await store.close()
    await pool.end()
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 60_000; !(await holds()); await sleep(50))
      if (Date.now() > end) throw new Error(`${what}: not so\n${notifiers.map((one) => one.log()).join('\n')}`)
  }
  const breached = (lead: string, historical = false): Envelope => ({
    specversion: '1.0',
    id: mintId(),
    source: '/funnel/sla-monitor',
    type: 'sla.breached',
    dataschema: 'sla.breached:1',
    time: new Date().toISOString(),
    partitionkey: lead,
    data: {
      subject: lead,
      lead,
      clock: `lead-response/${lead}`,
      policy: 'lead-response',
      policyVersion: 1,
      party: 'sales',
      started: '2026-01-05T10:00:00.000Z',
      due: '2026-01-05T14:00:00.000Z',
      ...(historical && { historical }),
    },
  })
  const list = async (...args: string[]) =>
    JSON.parse(await funnelWith(settings, 'notify', 'list', '--json', ...args)) as {
      id: string
      event: string
      state: string
      attempts: number
    }[]
  const states = async (): Promise<Record<string, number>> => {
    const { rows } = await pool.query<{ state: string; count: number }>(
      'select state, count(*)::int from notify.delivery group by state',
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  }

  it('row 23: tells each breach once, though there are two of it, and nothing of history', async () => {
    const events = Array.from({ length: 200 }, (_, i) => breached(`lead-${i}`))
    await store.append({ events: [breached('old', true), ...events] })
    await until('all are sent', async () => (await states())['sent'] === 200)
    const { rows } = await pool.query<{ id: string; event: string }>('select id, event from notify.delivery')
    expect(rows.map(({ event }) => event).toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    expect(received.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    const metrics = await Promise.all(
      notifiers.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    )
    const sent = metrics.map((text) =>
      Number(/^funnel_notifier_deliveries_total\{.*outcome="sent".*\} (\d+)$/m.exec(text)?.[1] ?? 0),
    )
    expect(sent[0]! + sent[1]!).toBe(200)
  }, 90_000)

  it('killed between sending and saying so, it sends the same id again', async () => {
    received.length = 0
    answer = () => undefined // the receiver has it, and nobody hears of that
    await store.append({ events: [breached('killed')] })
    await until('it is received', async () => received.length === 1)
    for (const one of notifiers) expect(one.kill('SIGKILL')).toBe(true)
    answer = (response) => void response.writeHead(204).end()
    expect(await states()).toEqual({ sent: 200, waiting: 1 })
    // the lease is over
    await pool.query(`update notify.delivery set due = clock_timestamp() where state = 'waiting'`)
    await until('it is sent', async () => (await states())['sent'] === 201)
    expect(received).toEqual([received[0], received[0]])
    const [newest] = await list('--limit', '1')
    expect(newest).toMatchObject({ id: received[0], state: 'sent', attempts: 2 })
  }, 90_000)

  it('what was given up is listed, and sent again when somebody asks for it', async () => {
    received.length = 0
    answer = (response) => void response.writeHead(410).end('sesame-open')
    await store.append({ events: [breached('gone')] })
    await until('it is given up', async () => (await states())['dead'] === 1)
    const [dead] = await list('--dead')
    expect(dead).toMatchObject({ state: 'dead', reason: 'answered 410 Gone' })
    await until('health notes it', async () => {
      const { notes } = (await (await fetch(`http://127.0.0.1:${notifiers[0]!.port}/health/ready`)).json()) as {
        notes: { dead?: string }
      }
      return notes.dead === '1 notifications were given up: funnel notify list --dead'
    })
    answer = (response) => void response.writeHead(204).end()
    expect(await funnelWith(settings, 'notify', 'retry', dead!.id)).toContain('1 notification is sent again')
    await until('it is sent', async () => (await states())['sent'] === 202)
    await expect(funnelWith(settings, 'notify', 'retry', dead!.id)).rejects.toThrow('was given up')
  }, 90_000)

  it('a test shows what came back, without secrets, and so does no log', async () => {
    answer = (response) => void response.writeHead(500).end(`no /sesame-open with ${SECRET}`)
    const failed = await promisify(execFile)(
      process.execPath,
      ['apps/funnel/dist/main.js', 'notify', 'test', 'hook', '--json'],
      { cwd: root, env: settings },
    ).catch((error: unknown) => error as { code: number; stdout: string; stderr: string })
    expect(failed).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(failed.stdout)).toMatchObject({
      destination: 'hook',
      ok: false,
      said: 'answered 500 Internal Server Error',
      body: 'no [secret] with [secret]',
    })
    answer = (response) => void response.writeHead(200).end('thanks')
    expect(await funnelWith(settings, 'notify', 'test', 'hook')).toMatch(
      /✓ hook \(webhook\): answered 200 OK, \d+ ms\n {2}thanks/,
    )
    await expect(funnelWith(settings, 'notify', 'test', 'other')).rejects.toThrow('there is no destination other')
    const { HOOK_SECRET: _, ...without } = settings
    await expect(funnelWith(without, 'notify', 'test', 'hook')).rejects.toThrow('the environment has no HOOK_SECRET')
    for (const one of notifiers) {
      expect(one.log()).toContain('hook (webhook)')
      expect(one.log()).not.toMatch(/sesame|whsec|MfKQ9r8/)
    }
  }, 90_000)
})
