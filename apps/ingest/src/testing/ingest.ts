import { request } from 'node:http'
import { createWriteKey, migrateStore } from '@funnel/event-store'
import type { Handlers } from '../commands/handlers.js'
import { mintId } from '@funnel/events'
import { createPool, loadConfig, startService } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import type pg from 'pg'
import { IngestConfig } from '../config.js'
import { ingestService } from '../service.js'
import type { Answer } from '../events/answer.js'

/** Ingest under test: over HTTP, on a database of its own. */
export interface Running {
  readonly url: string
  /** Sends events. */
  readonly key: string
  /** Gives commands. */
  readonly commandKey: string
  /** URL of its database. */
  readonly database: string
  readonly pool: pg.Pool
  /** Posts a body with the write key; headers are added to or replace those of JSON. */
  post(body: string | Buffer, headers?: Record<string, string>): Promise<Response>
  /** Posts a command under a key of its own; headers are added to or replace those of a command. */
  command(value: unknown, headers?: Record<string, string>): Promise<Response>
  /** Posts a value as JSON and expects an answer with verdicts. */
  send(value: unknown, headers?: Record<string, string>): Promise<Answer>
  stop(): Promise<void>
  close(): Promise<void>
}

export async function running(
  env: Record<string, string> = {},
  handlers?: () => Handlers,
  given?: TestDatabase,
): Promise<Running> {
  const database = given ?? (await testDatabase())
  await migrateStore(database.url)
  const pool = createPool(database.url, 'test', 4)
  const key = await createWriteKey(pool, '/site')
  const commandKey = await createWriteKey(pool, '/crm', true)
  const config = loadConfig(IngestConfig, {
    DATABASE_URL: database.url,
    PORT: '0',
    GRPC_PORT: '0',
    LOG_LEVEL: 'silent',
    ...env,
  })
  const service = await startService({ ...ingestService(handlers), config })
  const post: Running['post'] = (body, headers = {}) =>
    fetch(`${service.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
  return {
    url: service.url,
    key,
    commandKey,
    database: database.url,
    pool,
    post,
    command: (value, headers = {}) =>
      fetch(`${service.url}/v1/commands`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${commandKey}`,
          'idempotency-key': mintId(),
          ...headers,
        },
        body: typeof value === 'string' ? value : JSON.stringify(value),
      }),
    async send(value, headers) {
      const response = await post(JSON.stringify(value), headers)
      const answer: unknown = await response.json()
      if (response.status !== 200) throw new Error(`ingest answered ${response.status}: ${JSON.stringify(answer)}`)
      return answer as Answer
    },
    stop: () => service.close(),
    async close() {
      await service.close()
      await pool.end()
      await database.drop()
    },
  }
}

/** A request that has sent all of its body but the last byte. */
export interface Slow {
  readonly written: number
  /** Sends the rest. */
  readonly finish: () => void
  readonly abort: () => void
  /** Its answer with verdicts; rejects on any other. */
  readonly answer: Promise<Answer>
}

export function slowly(ingest: Running, body: string): Slow {
  const bytes = Buffer.from(body)
  const sent = request(`${ingest.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ingest.key}` },
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answer)
        else reject(new Error(`ingest answered ${response.statusCode}: ${text}`))
      })
    })
  })
  sent.write(bytes.subarray(0, -1))
  return {
    written: bytes.length - 1,
    finish: () => void sent.end(bytes.subarray(-1)),
    abort: () => void sent.destroy(),
    answer,
  }
}

/** The bytes of bodies that it holds, as its metrics say. */
export async function inFlight(ingest: Running): Promise<number> {
  const metrics = await (await fetch(`${ingest.url}/metrics`)).text()
  return Number(/funnel_ingest_in_flight_bytes\{.*\} (\d+)/.exec(metrics)?.[1])
}
