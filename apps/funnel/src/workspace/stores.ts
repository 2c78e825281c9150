import { FunnelError } from '@funnel/events'
import { findRunning, mustRun, type Choice } from './locate.js'

/** The databases of a workspace, as its owner reaches them, and its Kafka. */
export interface Stores {
  readonly databaseUrl: string
  /** As the owner of the vault; the store's where they have no roles of their own. */
  readonly vaultDatabaseUrl: string
  readonly readDatabaseUrl: string
  /** `host:port`, separated by commas; absent where the log is read from PostgreSQL. */
  readonly kafkaBrokers?: string | undefined
  readonly kafkaTopicPrefix?: string | undefined
  /** Folders of definitions beside those that come with the platform, comma-separated. */
  readonly definitions?: string | undefined
  /** For the header. */
  readonly name: string
}

/** Those of the running workspace; else those that the environment names. Throws UNAVAILABLE when there are none. */
export function storeOf(choice: Choice): Stores {
  const external = process.env['DATABASE_URL'] || undefined
  const found = findRunning(choice)
  if (found) {
    const { databaseUrl, vaultDatabaseUrl, readDatabaseUrl, kafkaBrokers, kafkaTopicPrefix, workspace } = found.state
    const definitions = process.env['FUNNEL_DEFINITIONS'] || found.state.definitions
    return {
      databaseUrl,
      vaultDatabaseUrl,
      readDatabaseUrl,
      kafkaBrokers,
      kafkaTopicPrefix,
      definitions,
      name: `workspace ${workspace}`,
    }
  }
  if (external === undefined || choice.workspace !== undefined) {
    const { state } = mustRun(choice)
    throw new FunnelError('UNAVAILABLE', `the workspace ${state.workspace} has no database`)
  }
  return {
    databaseUrl: external,
    vaultDatabaseUrl: process.env['VAULT_DATABASE_URL'] || external,
    readDatabaseUrl: process.env['READ_DATABASE_URL'] || external,
    kafkaBrokers: process.env['KAFKA_BROKERS'] || undefined,
    kafkaTopicPrefix: process.env['KAFKA_TOPIC_PREFIX'] || undefined,
    definitions: process.env['FUNNEL_DEFINITIONS'] || undefined,
    name: 'the database of DATABASE_URL',
  }
}
