import {
  introduced,
  judged,
  openEventStore,
  openVault,
  simulatedUntil,
  suppliedTo,
  type EventStore,
  type Judged,
  type Vault,
} from '@funnel/event-store'
import { FunnelError } from '@funnel/events'
import { createPool } from '@funnel/platform'
import { publicly, type Sink, type Told } from './sink.js'

/**
 * Straight to the store: one append, so one transaction, per batch; what is told of persons is in the vault before. Throws
 * INVALID where the store holds demo data, which never meets other data.
 */
export async function storeSink(databaseUrl: string): Promise<Sink> {
  const store = await openEventStore({ url: databaseUrl, connections: 1 })
  try {
    await assertNoDemo(databaseUrl)
    const vault = await openVault({ url: databaseUrl, connections: 1 })
    const sink = sinkOf(store, vault)
    return {
      ...sink,
      async close() {
        await sink.close()
        await vault.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function assertNoDemo(databaseUrl: string): Promise<void> {
  const pool = createPool(databaseUrl, 'funnel-import', 1)
  try {
    if ((await simulatedUntil(pool)) === undefined) return
  } finally {
    await pool.end()
  }
  throw new FunnelError(
    'INVALID',
    'this store holds demo data, and what is recorded cannot be taken out again: import into a store of your own',
  )
}

/** A store as a sink; closed with it. */
export const sinkOf = (store: EventStore, vault: Pick<Vault, 'introduce'>): Sink => ({
  name: 'the store',
  async send(events) {
    const now = Date.now()
    const verdicts = await introduced(
      vault,
      store,
      events.map((told) => atDoor(told, now)),
      now,
    )
    const fit = verdicts.filter((verdict) => verdict.ok)
    const supplied = suppliedTo(fit)
    const appended = await store.append({ events: fit.map(({ event }) => event), ...(supplied && { supplied }) })
    let next = 0
    return verdicts.map((verdict) => {
      if (verdict.ok) return { outcome: appended[next++]!.outcome }
      const { code, field, message } = verdict
      return { outcome: 'rejected', code, message, ...(field !== undefined && { field }) }
    })
  },
  close: () => store.close(),
})

/** The verdict of the public door, which has judged what tells of nobody before. */
function atDoor(told: Told, receivedAt: number): Judged {
  const { personal, ...event } = told
  if (!personal) return { verdict: { ok: true, event, minted: false, timeSupplied: false, schemaSupplied: true } }
  const { importid, source } = event
  return judged(publicly(told), { source, receivedAt, ...(importid !== undefined && { importid }) })
}
