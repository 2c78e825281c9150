import pg from 'pg'
import { migrateStore } from '@funnel/event-store'
import { migrateNotify } from '@funnel/notify'
import { migrateRead } from '@funnel/projections'
import { migrateReactor } from '@funnel/reactor'

/** The databases of the platform, each as the role that owns it; several may be one. */
export interface Owners {
  readonly store: string
  readonly vault: string
  readonly read: string
}

/**
 * Migrates vault, store, what automation and the SLA monitor keep, notifications and read models, each as its own role; a
 * read role that is another one may then read the log.
 */
export async function migrateDatabases({ store, vault, read }: Owners): Promise<void> {
  await migrateStore(store, vault)
  const [owner, reader] = [store, read].map((url) => decodeURIComponent(new URL(url).username))
  if (reader && reader !== owner) await grantLog(store, reader)
  await migrateReactor(store)
  await migrateNotify(store)
  await migrateRead(read)
}

/** What the projector needs of the store: events and head, not the vault, the write keys or the key of the hashes. */
async function grantLog(store: string, reader: string): Promise<void> {
  const client = new pg.Client({ connectionString: store })
  await client.connect()
  try {
    // read models on a server of their own have roles of its own; their projector reads the log as the store's role
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [reader])
    if (!rowCount) return
    const role = pg.escapeIdentifier(reader)
    await client.query(`
      grant usage on schema store to ${role};
      grant select on store.event, store.head to ${role};
      grant select (one, epoch, floor) on store.meta to ${role}`)
  } finally {
    await client.end()
  }
}
