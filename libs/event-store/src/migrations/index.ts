import pg from 'pg'
import { migrate } from '@funnel/platform'
import { Store1764000000000 } from './1764000000000-store.js'
import { Evidence1764000000003 } from './1764000000003-evidence.js'
import { ImportErrors1764000000004 } from './1764000000004-import-errors.js'
import { Vault1764000000004 } from './1764000000004-vault.js'
import { Decide1764000000005 } from './1764000000005-decide.js'
import { CommandKeys1764000000006 } from './1764000000006-command-keys.js'
import { Profiles1764000000007 } from './1764000000007-profiles.js'
import { Persons1764000000008 } from './1764000000008-persons.js'
import { History1764000000009 } from './1764000000009-history.js'
import { AppendOnce1764000000010 } from './1764000000010-append-once.js'
import { AppendRows1764000000011 } from './1764000000011-append-rows.js'
import { AppendColumns1764000000012 } from './1764000000012-append-columns.js'
import { AppendInOrder1764000000013 } from './1764000000013-append-in-order.js'
import { IntroduceInOrder1764000000014 } from './1764000000014-introduce-in-order.js'
import { ConsentTimes1764000000015 } from './1764000000015-consent-times.js'
import { Restored1764000000016 } from './1764000000016-restored.js'

/**
 * What the store's role may do in a vault that is another's: leave what is to be kept there, be told whose it is, and have
 * it erased or, when it is old, forgotten. It reads nothing there but the key of the HMACs, and what notes are about.
 */
const storeGrants = (store: string): string => `
  grant usage on schema vault to ${store};
  grant insert, references (id) on vault.raw to ${store};
  grant usage on sequence vault.raw_id_seq to ${store};
  grant select on vault.meta to ${store};
  grant execute on function vault.forget_raw, vault.introduce, vault.keep_note, vault.keep_body, vault.erase,
    vault.note_streams, vault.bodies_of, vault.forget_bodies to ${store}`

/** What the vault's role may ask of a store that is another's. */
const vaultGrants = (vault: string): string => `
  grant usage on schema store to ${vault};
  grant execute on function store.profile_withheld to ${vault}`

/**
 * Brings the schemas `vault` and `store` up to date, each as its own role where the URLs name two; a vault that belongs to
 * another role than `vaultUrl` names is left as it is. Safe to run again and from several processes.
 */
export async function migrateStore(url: string, vaultUrl = url): Promise<void> {
  const [store, vault] = [url, vaultUrl].map((one) => decodeURIComponent(new URL(one).username))
  const ours = await isOurs(vaultUrl)
  const apart = ours && store && vault && store !== vault
  if (ours) {
    await migrate(vaultUrl, 'vault', [Vault1764000000004, Profiles1764000000007, IntroduceInOrder1764000000014])
    if (apart) await once(vaultUrl, storeGrants(pg.escapeIdentifier(store)))
  }
  await migrate(url, 'store', [
    Store1764000000000,
    Evidence1764000000003,
    ImportErrors1764000000004,
    Decide1764000000005,
    CommandKeys1764000000006,
    Persons1764000000008,
    History1764000000009,
    AppendOnce1764000000010,
    AppendRows1764000000011,
    AppendColumns1764000000012,
    AppendInOrder1764000000013,
    ConsentTimes1764000000015,
    Restored1764000000016,
  ])
  if (apart) await once(url, vaultGrants(pg.escapeIdentifier(vault)))
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
