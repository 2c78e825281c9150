import type { Event } from '@event-driven-io/emmett'
import {
  getPostgreSQLEventStore,
  postgreSQLRawSQLProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql'
import { SQL } from '@event-driven-io/dumbo'
import pg from 'pg'

type Recorded = Event<'recorded', { payload: string }>
type Happened = Event<'happened', { type: string; time: string }>

/** Events by type and day, as Emmett's guide writes a projection: a statement per event. */
const counts = (name: string) =>
  postgreSQLRawSQLProjection<Happened>({
    name,
    canHandle: ['happened'],
    init: () => SQL`create table if not exists counts (type text, day text, n int not null, primary key (type, day))`,
    evolve: ({ data: { type, time } }) =>
      SQL`insert into counts values (${type}, ${time.slice(0, 10)}, 1) on conflict (type, day) do update set n = counts.n + 1`,
  })

/** Emmett's PostgreSQL event store with its default settings. */
export function emmett(url: string) {
  const store = getPostgreSQLEventStore(url)
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  let rebuilds = 0
  return {
    migrate: () => store.schema.migrate(),
    append: (stream: string, payload: string) =>
      store.appendToStream<Recorded>(stream, [{ type: 'recorded', data: { payload } }]),
    /** Events of our log, as one append. */
    appendAll: (stream: string, events: readonly { type: string; time: string }[]) =>
      store.appendToStream<Happened>(
        stream,
        events.map(({ type, time }) => ({ type: 'happened', data: { type, time } })),
      ),
    /** How many messages the store holds. */
    stored: async () => Number((await pool.query<{ n: string }>('select count(*) n from emt_messages')).rows[0]!.n),
    /** Rebuilds the projection from the first event; done when the last one is handled. */
    async rebuild() {
      await pool.query('drop table if exists counts')
      // under a name it has done before it would find itself at the end
      const projections = [counts(`counts-${rebuilds++}`)]
      const consumer = rebuildPostgreSQLProjections({ connectionString: url, projections })
      await consumer.start()
      await consumer.close()
    },
    counted: async () => Number((await pool.query<{ n: string }>('select sum(n) n from counts')).rows[0]!.n),
    close: async () => {
      await pool.end()
      await store.close()
    },
  }
}
