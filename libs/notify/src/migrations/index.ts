import { migrate } from '@funnel/platform'
import { Notify1764000000001 } from './1764000000001-notify.js'
import { Sent1764000000002 } from './1764000000002-sent.js'
import { Taken1764000000003 } from './1764000000003-taken.js'

/** Brings the schema `notify` up to date. Safe to run again and from several processes. */
export const migrateNotify = (url: string): Promise<void> =>
  migrate(url, 'notify', [Notify1764000000001, Sent1764000000002, Taken1764000000003])
