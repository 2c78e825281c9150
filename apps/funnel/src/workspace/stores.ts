import { FunnelError } from '@funnel/events'
import { findRunning, mustRun, type Choice } from './locate.js'

/** The databases of a workspace, as its owner reaches them. */
export interface Stores {
  readonly databaseUrl: string
  readonly readDatabaseUrl: string
  /** For the header. */
  readonly name: string
}

/** Those of the running workspace; else of DATABASE_URL and READ_DATABASE_URL. Throws UNAVAILABLE when there are none. */
export function storeOf(choice: Choice): Stores {
  const external = process.env['DATABASE_URL'] || undefined
  const found = findRunning(choice)
  if (found) {
    const { databaseUrl, readDatabaseUrl, workspace } = found.state
    return { databaseUrl, readDatabaseUrl, name: `workspace ${workspace}` }
  }
  if (external === undefined || choice.workspace !== undefined) {
    const { state } = mustRun(choice)
    throw new FunnelError('UNAVAILABLE', `the workspace ${state.workspace} has no database`)
  }
  return {
    databaseUrl: external,
    readDatabaseUrl: process.env['READ_DATABASE_URL'] || external,
    name: 'the database of DATABASE_URL',
  }
}
