import { migrate } from '@funnel/platform'
import { Reactor1764000000003 } from './1764000000003-reactor.js'
import { TimerOrder1764000000004 } from './1764000000004-timer-order.js'

/** Brings the schema `reactor` up to date. Safe to run again and from several processes. */
export const migrateReactor = (url: string): Promise<void> =>
  migrate(url, 'reactor', [Reactor1764000000003, TimerOrder1764000000004])
