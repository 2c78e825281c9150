import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import type { Event } from '@event-driven-io/emmett'

type BenchEvent = Event<'recorded', { payload: string }>

/** Emmett's PostgreSQL event store with its default settings: one append per event. */
export function emmett(url: string) {
  const store = getPostgreSQLEventStore(url)
  return {
    migrate: () => store.schema.migrate(),
    append: (stream: string, payload: string) =>
      store.appendToStream<BenchEvent>(stream, [{ type: 'recorded', data: { payload } }]),
    close: () => store.close(),
  }
}
