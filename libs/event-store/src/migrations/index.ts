import { migrate } from '@funnel/platform'
import { Store1764000000000 } from './1764000000000-store.js'
import { Decide1764000000003 } from './1764000000003-decide.js'
import { CommandKeys1764000000004 } from './1764000000004-command-keys.js'
import { Vault1764000000005 } from './1764000000005-vault.js'

/** Brings the schemas `store` and `vault` up to date. Safe to run again and from several processes. */
export const migrateStore = (url: string): Promise<void> =>
  migrate(url, 'store', [Store1764000000000, Decide1764000000003, CommandKeys1764000000004, Vault1764000000005])
