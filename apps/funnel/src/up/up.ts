import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { FunnelError, type Instant } from '@funnel/events'
import { kafkaClient } from '@funnel/event-log'
import { simulatedUntil } from '@funnel/event-store'
import { assertClosed, createPool, loadConfig, startKafkaCluster, whyNoLocalKafka } from '@funnel/platform'
import { definitionFolders, readDefinitions } from '@funnel/definitions'
import { demoDefinitions } from '@funnel/demo'
import { startFeeder, type Feeder } from '../demo/feeder.js'
import { beginWithHistory } from '../demo/history.js'
import { askHealth } from '../supervisor/health.js'
import { supervised, type Supervised } from '../supervisor/service.js'
import { watched, type WatchedServer } from '../supervisor/server.js'
import { Settings } from '../upkeep/settings.js'
import { emptyFolder, folderOf, openFolder, type Folder } from '../workspace/folders.js'
import { allRunning, optionsFor } from '../workspace/locate.js'
import { thisProcess } from '../workspace/process.js'
import {
  claim,
  release,
  runningState,
  writeState,
  type ServiceStatus,
  type WorkspaceState,
} from '../workspace/state.js'
import { embeddedDatabases, externalDatabases, type Databases } from './databases.js'
import { mayFeed, wantsDemo, type DemoWish } from './demo-rule.js'
import { openKeys, type KeyName } from './keys.js'
import { portsOf, workspaceName, type UpFlags } from './options.js'
import { assertFree, portNames, type PortName } from './ports.js'
import type { Reporter } from './reporter.js'
import { reach, serviceSpecs } from './services.js'

/** A running workspace, held by this process. */
export interface Up {
  readonly folder: Folder
  /** What other commands are told, as it is now. */
  readonly state: WorkspaceState
  /** Ends everything in order: feeder, services along the flow, servers. */
  stop(): Promise<void>
  /** Ends everything at once, as far as it can be reached. */
  kill(): void
}

const READY_TIMEOUT = 90_000

/**
 * Starts a workspace and resolves when every service is ready. When one cannot start, all that was started is stopped
 * again and the error says which and why. `abort` ends a start half-way.
 */
export async function up(flags: UpFlags, report: Reporter, abort: AbortSignal): Promise<Up> {
  const { databaseUrl, readDatabaseUrl, kafkaBrokers, kafkaTopicPrefix, funnelHost, funnelToken } = settings()
  const workspace = workspaceName(flags)
  const folder = folderOf(workspace, flags.dataDir)
  const ports = portsOf(flags)
  const embedded = databaseUrl === undefined
  const localKafka = flags.kafka === true && kafkaBrokers === undefined
  assertStartable(folder, localKafka)

  const wish: DemoWish = { workspace, embedded, demo: flags.demo }
  // each service would stumble over the same mistake, and again at every start
  readDefinitions(definitionFolders(wantsDemo(wish) ? demoFolders() : process.env['FUNNEL_DEFINITIONS']))

  const destinations = process.env['FUNNEL_DESTINATIONS'] || undefined
  const runs: { readonly [name in PortName]?: boolean } = {
    postgres: embedded,
    kafka: localKafka,
    notifier: destinations !== undefined,
  }
  const used = portNames.filter((name) => runs[name] ?? true)
  await assertFree(funnelHost, ports, used, (port) => workspaceOn(port, flags.dataDir))
  if (flags.fresh && !embedded)
    throw new FunnelError(
      'INVALID',
      '--fresh removes the embedded database only, and DATABASE_URL names another one: empty that one yourself, or unset DATABASE_URL',
    )
  if (kafkaBrokers !== undefined) await assertKafka(kafkaBrokers)
  abort.throwIfAborted()
  openFolder(folder)
  claim(folder, thisProcess())

  const running: { services: Supervised[]; servers: WatchedServer[]; feeder?: Feeder } = { services: [], servers: [] }
  let state: WorkspaceState | undefined
  let stopping: Promise<void> | undefined

  const handle: Up = {
    folder,
    get state() {
      return state!
    },
    stop: () => (stopping ??= stopAll()),
    kill() {
      for (const service of running.services) service.kill()
      release(folder)
    },
  }

  const stopAll = async () => {
    await running.feeder?.stop()
    for (const service of running.services) await service.stop()
    for (const server of running.servers.toReversed()) await server.stop()
    release(folder)
  }

  const changed = (status: ServiceStatus) => {
    report.changed(status)
    if (!state || stopping) return
    state = { ...state, services: statuses() }
    writeState(folder, state)
  }
  const statuses = () => [...running.services, ...running.servers].map(({ status }) => status)

  try {
    // not before ports and workspace are its own: a start that is refused costs no data
    if (flags.fresh) emptyFolder(folder)
    const databases = embedded
      ? await embeddedDatabases(folder, ports.postgres, changed)
      : await externalDatabases(databaseUrl, readDatabaseUrl)
    if (databases.server) running.servers.push(databases.server)
    abort.throwIfAborted()

    const kafka = localKafka ? await localBroker(folder, ports.kafka, report, changed) : undefined
    if (kafka) running.servers.push(kafka)
    const brokers = kafka ? reach('127.0.0.1', ports.kafka) : kafkaBrokers
    // workspaces with a store of their own must not meet in the topics of shared brokers
    const prefix =
      kafkaBrokers !== undefined && embedded && kafkaTopicPrefix === '' ? `${workspace}.` : kafkaTopicPrefix
    abort.throwIfAborted()

    const company = join(folder.path, 'company.json')
    const { keys, feeds, until } = await openStore(databases, folder, {
      wish,
      begin: (pool) =>
        beginWithHistory(pool, {
          file: company,
          folders: definitionFolders(demoFolders()),
          say: report.say,
          signal: abort,
        }),
    })
    const demo = feeds || until !== undefined // what is recorded stays, also where it is no longer fed
    const definitions = demo ? demoFolders() : process.env['FUNNEL_DEFINITIONS']
    state = {
      workspace,
      supervisor: thisProcess(),
      startedAt: new Date().toISOString(),
      ready: false,
      demo,
      ...(until === undefined ? {} : { simulatedUntil: new Date(until).toISOString() }),
      embeddedPostgres: embedded,
      ...(definitions ? { definitions } : {}),
      urls: {
        ingest: `http://${reach(funnelHost, ports.ingest)}`,
        commands: reach(funnelHost, ports.ingestGrpc),
        query: reach(funnelHost, ports.query),
      },
      databaseUrl: databases.store,
      vaultDatabaseUrl: databases.vault,
      readDatabaseUrl: databases.read,
      ...(brokers === undefined ? {} : { kafkaBrokers: brokers, kafkaTopicPrefix: prefix }),
      writeKey: keys.dev,
      commandKey: keys.command,
      ...(funnelToken === undefined ? {} : { token: funnelToken }),
      services: [],
    }
    running.services = serviceSpecs({
      folder,
      host: funnelHost,
      ports,
      databases,
      kafkaBrokers: brokers,
      kafkaTopicPrefix: prefix,
      definitions,
      destinations,
    }).map((spec) => supervised(spec, { changed, said: report.said }))
    for (const service of running.services) service.start()
    await allReady(running.services, abort)

    if (feeds)
      running.feeder = startFeeder({
        url: state.urls.ingest,
        key: keys.demo,
        commandKey: keys.demoCommand,
        databaseUrl: databases.store,
        file: company,
        say: report.warn,
      })
    state = { ...state, ready: true, services: statuses() }
    writeState(folder, state)
    return handle
  } catch (error) {
    await handle.stop()
    throw error
  }
}

/** What the environment says, but for what only the services need. */
function settings() {
  const external = process.env['DATABASE_URL'] || undefined
  // the embedded database has its URL later; until then any will do
  const config = loadConfig(Settings, { ...process.env, DATABASE_URL: external ?? 'postgresql://embedded' })
  assertClosed(config)
  const { readDatabaseUrl, kafkaBrokers, kafkaTopicPrefix, funnelHost, funnelToken } = config
  return { databaseUrl: external, readDatabaseUrl, kafkaBrokers, kafkaTopicPrefix, funnelHost, funnelToken }
}

function assertStartable(folder: Folder, localKafka: boolean): void {
  const running = runningState(folder)
  if (running)
    throw new FunnelError(
      'CONFLICT',
      `the workspace ${folder.workspace} is running already (process ${running.supervisor.pid}): \`npx funnel status${optionsFor(folder)}\` shows it, \`npx funnel down${optionsFor(folder)}\` stops it`,
    )
  const why = localKafka ? whyNoLocalKafka() : undefined
  if (why)
    throw new FunnelError('INVALID', `--kafka needs a local broker, and ${why}: install it, or set KAFKA_BROKERS`)
}

/** Asks the brokers once: the services would only go on to wait for them. Throws UNAVAILABLE. */
async function assertKafka(brokers: string): Promise<void> {
  const client = kafkaClient({ brokers: brokers.split(','), clientId: 'funnel-up' })
  try {
    await client.brokerCount()
  } catch (error) {
    const { cause } = error as Error
    throw new FunnelError(
      'UNAVAILABLE',
      `Kafka at ${brokers}, which KAFKA_BROKERS names, cannot be reached (${cause instanceof Error ? cause.message : String(cause)}): start it, correct KAFKA_BROKERS, or unset it and the log is read from PostgreSQL`,
      {},
      error,
    )
  } finally {
    await client.close()
  }
}

/** The folders of definitions of the demo: its own, and those that are asked for. */
const demoFolders = (): string => [demoDefinitions, process.env['FUNNEL_DEFINITIONS']].filter(Boolean).join(',')

const workspaceOn = (port: number, dataDir: string | undefined): Folder | undefined =>
  allRunning(dataDir).find(({ state }) =>
    [...Object.values(state.urls), ...state.services.map(({ url }) => url ?? '')].some((url) =>
      url.endsWith(`:${port}`),
    ),
  )?.folder

async function openStore(
  databases: Databases,
  folder: Folder,
  { wish, begin }: { readonly wish: DemoWish; readonly begin: (pool: pg.Pool) => Promise<void> },
): Promise<{ keys: Readonly<Record<KeyName, string>>; feeds: boolean; until: Instant | undefined }> {
  const pool = createPool(databases.store, 'funnel-up', 2)
  try {
    const feeds = wantsDemo(wish) && (await mayFeed(pool, wish))
    if (feeds) await begin(pool)
    return { keys: await openKeys(pool, folder), feeds, until: await simulatedUntil(pool) }
  } finally {
    await pool.end()
  }
}

async function localBroker(
  folder: Folder,
  port: number,
  report: Reporter,
  changed: (status: ServiceStatus) => void,
): Promise<WatchedServer> {
  const cluster = await startKafkaCluster({ dir: folder.kafka, port, progress: report.say })
  const broker = cluster.brokers[0]!
  const server = {
    get pid() {
      return broker.pid
    },
    start: () => broker.start(),
    stop: () => cluster.stop(),
  }
  return watched('kafka', server, { url: broker.address, log: join(folder.kafka, 'broker-1.log') }, changed)
}

async function allReady(services: readonly Supervised[], abort: AbortSignal): Promise<void> {
  for (const end = Date.now() + READY_TIMEOUT; ; await sleep(50)) {
    abort.throwIfAborted()
    const failed = services.find(({ status }) => status.state === 'failed')
    if (failed) throw new FunnelError('UNAVAILABLE', `${failed.status.name} could not be started: ${failed.status.why}`)
    if (services.every(({ status }) => status.state === 'ready')) return
    if (Date.now() > end) {
      const late = await Promise.all(services.filter(({ status }) => status.state !== 'ready').map(whyLate))
      throw new FunnelError('UNAVAILABLE', `not ready after ${READY_TIMEOUT / 1000} s: ${late.join(', ')}`)
    }
  }
}

/** A service that was never ready is not asked for reasons until now. */
async function whyLate({ status: { name, state, why, health, log } }: Supervised): Promise<string> {
  const answer = why === undefined && health !== undefined ? await askHealth(health) : undefined
  return `${name} (${why ?? (answer?.ok === false ? answer.why : state)}; log ${log})`
}
