import { FunnelError } from '@funnel/events'
import { findRunning, mustRun, type Choice } from './locate.js'

/** The databases of a workspace, as its owner reaches them. */
export interface Stores {
  readonly databaseUrl: string
  /** As the owner of the vault; the store's where they have no roles of their own. */
  readonly vaultDatabaseUrl: string
  readonly readDatabaseUrl: string
  /** For the header. */
  readonly name: string
}

/** Those of the running workspace; else of DATABASE_URL, VAULT_DATABASE_URL and READ_DATABASE_URL. Throws UNAVAILABLE when there are none. */
export function storeOf(choice: Choice): Stores {
  const external = process.env['DATABASE_URL'] || undefined
  const found = findRunning(choice)
  if (found) {
    const { databaseUrl, vaultDatabaseUrl, readDatabaseUrl, workspace } = found.state
    return { databaseUrl, vaultDatabaseUrl, readDatabaseUrl, name: `workspace ${workspace}` }
  }
  if (external === undefined || choice.workspace !== undefined) {
    const { state } = mustRun(choice)
    throw new FunnelError('UNAVAILABLE', `the workspace ${state.workspace} has no database`)
  }
  return {
    databaseUrl: external,
    vaultDatabaseUrl: process.env['VAULT_DATABASE_URL'] || external,
    readDatabaseUrl: process.env['READ_DATABASE_URL'] || external,
    name: 'the database of DATABASE_URL',
  }
}
