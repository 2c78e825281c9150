import { join } from 'node:path'
import { startEmbeddedPostgres } from '@funnel/platform'
import { migrateDatabases } from '../deploy/databases.js'
import { assertReachable } from '../deploy/reachable.js'
import { watched, type WatchedServer } from '../supervisor/server.js'
import type { Folder } from '../workspace/folders.js'
import type { ServiceStatus } from '../workspace/state.js'
import { openRoles } from './roles.js'

/** Where each side finds its database. */
export interface Databases {
  readonly store: string
  /** As the vault's owner; no service is. */
  readonly vault: string
  /** As the projector reaches the log, and the read models it owns. */
  readonly log: string
  readonly read: string
  /** As query reaches the read models. */
  readonly query: string
  readonly server?: WatchedServer
}

/** The databases named in the environment, brought up to date. */
export async function externalDatabases(databaseUrl: string, readDatabaseUrl = databaseUrl): Promise<Databases> {
  await assertReachable(databaseUrl, 'DATABASE_URL')
  if (readDatabaseUrl !== databaseUrl) await assertReachable(readDatabaseUrl, 'READ_DATABASE_URL')
  await migrateDatabases({ store: databaseUrl, vault: databaseUrl, read: readDatabaseUrl })
  return { store: databaseUrl, vault: databaseUrl, log: databaseUrl, read: readDatabaseUrl, query: readDatabaseUrl }
}

/** A PostgreSQL of the workspace's own, each side with a role of its own. */
export async function embeddedDatabases(
  folder: Folder,
  port: number,
  changed: (status: ServiceStatus) => void,
): Promise<Databases> {
  const server = await startEmbeddedPostgres({ dir: folder.postgres, port })
  try {
    const roles = await openRoles(server)
    await migrateDatabases(roles)
    const about = { url: `127.0.0.1:${port}`, log: join(folder.postgres, 'postgres.log') }
    return {
      store: roles.store,
      vault: roles.vault,
      log: roles.read,
      read: roles.read,
      query: roles.query,
      server: watched('postgres', server, about, changed),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
