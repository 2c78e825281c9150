import pg from 'pg'
import { migrate } from '@funnel/platform'
import { Store1764000000000 } from './1764000000000-store.js'
import { Evidence1764000000003 } from './1764000000003-evidence.js'
import { ImportErrors1764000000004 } from './1764000000004-import-errors.js'
import { History1764000000006 } from './1764000000006-history.js'
import { Vault1764000000004 } from './1764000000004-vault.js'

/**
 * What the store's role may do in a vault that is another's: leave the bodies of what was refused, and have old ones
 * forgotten. It reads nothing there.
 */
const storeGrants = (store: string): string => `
  grant usage on schema vault to ${store};
  grant insert, references (id) on vault.raw to ${store};
  grant usage on sequence vault.raw_id_seq to ${store};
  grant execute on function vault.forget_raw to ${store}`

/**
 * Brings the schemas `vault` and `store` up to date, each as its own role where the URLs name two; a vault that belongs to
 * another role than `vaultUrl` names is left as it is. Safe to run again and from several processes.
 */
export async function migrateStore(url: string, vaultUrl = url): Promise<void> {
  if (await isOurs(vaultUrl)) {
    await migrate(vaultUrl, 'vault', [Vault1764000000004])
    const [store, vault] = [url, vaultUrl].map((one) => decodeURIComponent(new URL(one).username))
    if (store && store !== vault) await once(vaultUrl, storeGrants(pg.escapeIdentifier(store)))
  }
  await migrate(url, 'store', [
    Store1764000000000,
    Evidence1764000000003,
    ImportErrors1764000000004,
    History1764000000006,
  ])
}

/** Whether the vault is this role's, or to be made. */
async function isOurs(url: string): Promise<boolean> {
  const { rows } = await once<{ ours: boolean }>(
    url,
    `select pg_has_role(nspowner, 'usage') as ours from pg_namespace where nspname = 'vault'`,
  )
  return rows[0]?.ours ?? true
}

async function once<Row extends pg.QueryResultRow>(url: string, text: string): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query<Row>(text)
  } finally {
    await client.end()
  }
}
