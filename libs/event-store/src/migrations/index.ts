import { migrate } from '@funnel/platform'
import { Store1764000000000 } from './1764000000000-store.js'
import { Decide1764000000003 } from './1764000000003-decide.js'

/** Brings the schemas `store` and `vault` up to date. Safe to run again and from several processes. */
export const migrateStore = (url: string): Promise<void> =>
  migrate(url, 'store', [Store1764000000000, Decide1764000000003])
