import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { variablesIn } from '@funnel/notify'
import { FEW_COLLECTIONS, SHORT_PAUSES } from '@funnel/platform'
import type { ServiceSpec } from '../supervisor/service.js'
import { repository, type Folder } from '../workspace/folders.js'
import type { Databases } from './databases.js'
import type { Ports } from './ports.js'

export interface Wiring {
  readonly folder: Folder
  readonly host: string
  readonly ports: Ports
  readonly databases: Databases
  readonly kafkaBrokers?: string | undefined
  readonly kafkaTopicPrefix?: string | undefined
  /** Folders of definitions, comma-separated. */
  readonly definitions?: string | undefined
  /** The file of destinations; without it there is no notifier. */
  readonly destinations?: string | undefined
}

/** The address under which a listener on `host` is reached from this machine. */
export const reach = (host: string, port: number): string => {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `${name}:${port}`
}

/** What the services need not know of the environment. */
const NOT_THEIRS: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'READ_DATABASE_URL',
  'VAULT_DATABASE_URL',
  'FUNNEL_URL',
  'FUNNEL_WRITE_KEY',
  'FUNNEL_COMMAND_KEY',
])
const inherited = (secrets: ReadonlySet<string>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_THEIRS.has(name) && !secrets.has(name)))

/** What the notifier alone is told: the secrets that its file asks for. What we name ourselves is told to others as well. */
const secretsIn = (file: string): NodeJS.ProcessEnv =>
  existsSync(file)
    ? Object.fromEntries(
        variablesIn(readFileSync(file, 'utf8'))
          .filter((name) => !name.startsWith('FUNNEL_'))
          .map((name) => [name, process.env[name]]),
      )
    : {}

/** The services in the order in which they are stopped. Each is told what it needs and no other's secrets. */
export function serviceSpecs({
  folder,
  host,
  ports,
  databases,
  kafkaBrokers,
  kafkaTopicPrefix,
  definitions = '',
  destinations,
}: Wiring): ServiceSpec[] {
  const secrets = destinations ? secretsIn(destinations) : {}
  const common = {
    ...inherited(new Set(Object.keys(secrets))),
    FUNNEL_WORKSPACE: folder.workspace,
    FUNNEL_HOST: host,
    FUNNEL_DEFINITIONS: definitions,
  }
  const kafka = {
    KAFKA_BROKERS: kafkaBrokers ?? '',
    ...(kafkaTopicPrefix === undefined ? {} : { KAFKA_TOPIC_PREFIX: kafkaTopicPrefix }),
  }
  const spec = (name: string, port: number, env: NodeJS.ProcessEnv, url?: string): ServiceSpec => ({
    name,
    script: join(repository, 'apps', name, 'dist', 'main.js'),
    env: { ...common, ...env, PORT: String(port) },
    health: `http://${reach(host, port)}`,
    ...(url === undefined ? {} : { url }),
    log: join(folder.logs, `${name}.log`),
  })
  return [
    spec('ingest', ports.ingest, {
      DATABASE_URL: databases.store,
      GRPC_PORT: String(ports.ingestGrpc),
      KAFKA_BROKERS: '',
    }),
    spec('relay', ports.relay, { DATABASE_URL: databases.store, ...kafka }),
    spec('automation', ports.automation, { DATABASE_URL: databases.store, ...kafka }),
    spec('sla-monitor', ports.slaMonitor, { DATABASE_URL: databases.store, ...kafka }),
    spec('projector', ports.projector, {
      DATABASE_URL: databases.log,
      READ_DATABASE_URL: databases.read,
      NODE_OPTIONS: nodeOptions(FEW_COLLECTIONS),
      ...kafka,
    }),
    spec(
      'query',
      ports.queryOps,
      {
        DATABASE_URL: databases.query,
        READ_DATABASE_URL: databases.query,
        GRPC_PORT: String(ports.query),
        KAFKA_BROKERS: '',
        NODE_OPTIONS: nodeOptions(SHORT_PAUSES),
      },
      reach(host, ports.query),
    ),
    ...(destinations
      ? [
          spec('notifier', ports.notifier, {
            ...secrets,
            DATABASE_URL: databases.store,
            FUNNEL_DESTINATIONS: destinations,
            ...kafka,
          }),
        ]
      : []),
  ]
}

/** An option of Node's before those that were given, which win. */
const nodeOptions = (option: string) => `${option} ${process.env['NODE_OPTIONS'] ?? ''}`
