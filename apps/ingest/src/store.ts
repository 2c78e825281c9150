import type pg from 'pg'
import {
  groupCommit,
  openDecisionStore,
  openEventStore,
  ownerOfKey,
  openVault,
  PATIENCE,
  postgresDefinitionLog,
  type DefinitionLog,
  type EventStore,
  type GroupCommit,
  type Vault,
} from '@funnel/event-store'
import { createPool, type Health } from '@funnel/platform'
import { cachedWriteKeys, type WriteKeys } from './keys/write-keys.js'

/** The way into the log, as ingest holds it. */
export interface Store {
  readonly events: EventStore
  /** The same store, for commands. */
  readonly decisions: EventStore
  readonly definitions: DefinitionLog
  readonly vault: Vault
  readonly commit: GroupCommit
  readonly keys: WriteKeys
  /** Waits for what is under way, then lets go of the database. */
  close(): Promise<void>
}

/** How often the store is asked whether it is there, in ms. */
const PROBE = 2_000

/** Opens the store; throws as `openEventStore` does. Readiness says from then on whether it answers. */
export async function openStore(url: string, health: Health): Promise<Store> {
  const events = await openEventStore({ url })
  const pool = createPool(url, 'funnel-ingest', 2, undefined, PATIENCE)
  const opened: { close(): Promise<void> }[] = [events, { close: () => pool.end() }]
  try {
    const decisions = await openDecisionStore(url)
    opened.push(decisions)
    const vault = await openVault({ url })
    opened.push(vault)
    const commit = groupCommit(events)
    const probe = watch(pool, health)
    return {
      events,
      decisions,
      definitions: postgresDefinitionLog(pool),
      vault,
      commit,
      keys: cachedWriteKeys((key) => ownerOfKey(pool, key)),
      async close() {
        clearInterval(probe)
        await commit.close()
        await Promise.all(opened.map((one) => one.close()))
      },
    }
  } catch (error) {
    await Promise.all(opened.map((one) => one.close()))
    throw error
  }
}

function watch(pool: pg.Pool, health: Health): NodeJS.Timeout {
  let asking = false
  let reason: string | undefined
  health.ready('store', () => reason)
  const ask = async (): Promise<void> => {
    asking = true
    try {
      await pool.query('select 1')
      reason = undefined
    } catch {
      reason = 'the event store cannot be reached'
    }
    asking = false
  }
  return setInterval(() => {
    if (asking) reason = 'the event store does not answer'
    else void ask()
  }, PROBE).unref()
}
