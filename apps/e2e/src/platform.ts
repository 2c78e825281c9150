import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { createWriteKey, migrateStore } from '@funnel/event-store'
import { createClient, type FunnelClient } from '@funnel/query-api'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { freePort } from '@funnel/platform'
import { supervise, type Supervised } from './processes.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The definitions of the demo's company: its people, queues and routing. */
export const demo = fileURLToPath(new URL('../../../examples/demo/definitions', import.meta.url))

/** All services as processes of their own, over a database of their own. */
export interface Platform {
  readonly ingest: string
  /** Where commands are given over gRPC. */
  readonly commands: string
  readonly databaseUrl: string
  /** Sends events. */
  readonly writeKey: string
  /** Gives commands. */
  readonly commandKey: string
  readonly query: FunnelClient
  /** The processes, to be killed: ingest, relay, projector, query, others where they run, and those started later. */
  readonly services: readonly Supervised[]
  /** Starts one more process of a service, at its own port; it ends with the platform. */
  another(name: string): Promise<Supervised>
  /** Waits until everything recorded so far is in the answers. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export interface PlatformOptions {
  /** With these the log goes through Kafka. */
  readonly kafkaBrokers?: readonly string[]
  readonly topicPrefix?: string
  /** Folders of definitions beside those that come with the platform. */
  readonly definitions?: readonly string[]
  /** `warn` when absent. */
  readonly logLevel?: string
  /** An empty database to run on; one of the shared PostgreSQL when absent. */
  readonly database?: TestDatabase
  /** Whether automation runs, too. */
  readonly automation?: boolean
  /** A file of destinations, which may be on this machine; with it the SLA monitor and the notifier run, too. */
  readonly destinations?: string
  /** Whether there are read models and answers from them; without, nothing settles. `true` when absent. */
  readonly answers?: boolean
}

const SETTLE = 120_000

export async function startPlatform({
  kafkaBrokers,
  topicPrefix,
  definitions,
  logLevel = 'warn',
  database: given,
  automation = false,
  destinations,
  answers = true,
}: PlatformOptions = {}): Promise<Platform> {
  const database = given ?? (await testDatabase())
  await migrateStore(database.url)
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const writeKey = await createWriteKey(pool, 'e2e')
  const commandKey = await createWriteKey(pool, 'e2e', true)
  await pool.end()
  const env = {
    DATABASE_URL: database.url,
    LOG_LEVEL: logLevel,
    GRPC_PORT: '0', // ingest and query have one of their own
    FUNNEL_WORKSPACE: 'e2e',
    ...(kafkaBrokers && { KAFKA_BROKERS: kafkaBrokers.join(',') }),
    ...(topicPrefix && { KAFKA_TOPIC_PREFIX: topicPrefix }),
    ...(definitions && { FUNNEL_DEFINITIONS: definitions.join(',') }),
    ...(destinations && { FUNNEL_DESTINATIONS: destinations, FUNNEL_ALLOW_PRIVATE_DESTINATIONS: 'true' }),
  }
  const grpcPorts: Readonly<Record<string, number>> = { ingest: await freePort(), query: await freePort() }
  const services: Supervised[] = []
  const names = [
    'ingest',
    'relay',
    ...(answers ? ['projector', 'query'] : []),
    ...(automation ? ['automation'] : []),
    ...(destinations ? ['sla-monitor', 'notifier'] : []),
  ]
  for (const name of names)
    services.push(supervise(name, await freePort(), { ...env, GRPC_PORT: String(grpcPorts[name] ?? 0) }))
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()))
    await database.drop()
  }
  try {
    await Promise.all(services.map((service) => service.ready()))
  } catch (error) {
    await stop()
    throw error
  }
  const query = createClient(`127.0.0.1:${grpcPorts['query']}`)
  return {
    ingest: `http://127.0.0.1:${services[0]!.port}`,
    commands: `127.0.0.1:${grpcPorts['ingest']}`,
    databaseUrl: database.url,
    writeKey,
    commandKey,
    query,
    services,
    async another(name) {
      const service = supervise(name, await freePort(), env)
      services.push(service)
      return service
    },
    async settled() {
      const now = Date.now()
      let watermark: Date | undefined
      while (Date.now() < now + SETTLE) {
        watermark = (await query.getStatus().catch(() => undefined))?.live?.watermark
        if (watermark && watermark.getTime() > now) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(
        `not settled: the watermark is ${watermark?.toISOString()}\n${services.map((service) => service.log()).join('\n')}`,
      )
    },
    async stop() {
      query.close()
      await stop()
    },
  }
}

/** Runs `funnel` with these arguments as a process; its stdout. Throws with its stderr when it fails. */
export const funnel = (...args: readonly string[]): Promise<string> => funnelWith({}, ...args)

/** `funnel` with an environment. */
export const funnelWith = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd: root, env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', ...env } }
    execFile(process.execPath, ['apps/funnel/dist/main.js', ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`funnel ${args.join(' ')}: ${stderr || error.message}`, { cause: error }))
      else resolve(stdout)
    })
  })
