import { openEventStore, type EventStore } from '@funnel/event-store'
import type { Sink } from './sink.js'

/** Straight to the store: one append, so one transaction, per batch. */
export const storeSink = async (databaseUrl: string): Promise<Sink> =>
  sinkOf(await openEventStore({ url: databaseUrl, connections: 1 }))

/** A store as a sink; closed with it. */
export const sinkOf = (store: EventStore): Sink => ({
  name: 'the store',
  async send(events) {
    const appended = await store.append({ events })
    return appended.map(({ outcome }) => ({ outcome }))
  },
  close: () => store.close(),
})
