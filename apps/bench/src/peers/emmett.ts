import { DeciderCommandHandler, type Event } from '@event-driven-io/emmett'
import {
  getPostgreSQLEventStore,
  postgreSQLRawSQLProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql'
import { SQL } from '@event-driven-io/dumbo'
import type { Decided, Decider, Happened } from '@funnel/domain'
import type { Lived } from '../deals.js'
import { poolOf } from './pool.js'

type Recorded = Event<'recorded', { payload: string }>
type Noted = Event<'happened', { type: string; time: string }>
/** What a decider decided, and when. */
type Decision = Event<Decided['type'], { data: Decided['data']; at: number }>

/** Events by type and day, as Emmett's guide writes a projection: a statement per event. */
const counts = (name: string) =>
  postgreSQLRawSQLProjection<Noted>({
    name,
    canHandle: ['happened'],
    init: () => SQL`create table if not exists counts (type text, day text, n int not null, primary key (type, day))`,
    evolve: ({ data: { type, time } }) =>
      SQL`insert into counts values (${type}, ${time.slice(0, 10)}, 1) on conflict (type, day) do update set n = counts.n + 1`,
  })

/** Emmett's PostgreSQL event store with its default settings, but so many connections and no migration on the way. */
export function emmett(url: string, connections = 16) {
  const own = poolOf(url, connections)
  const store = getPostgreSQLEventStore(url, {
    schema: { autoMigration: 'None' },
    connectionOptions: { pooled: true, pool: own },
  })
  const pool = poolOf(url, 1)
  let rebuilds = 0
  return {
    migrate: () => store.schema.migrate(),
    append: (stream: string, payload: string) =>
      store.appendToStream<Recorded>(stream, [{ type: 'recorded', data: { payload } }]),
    /** Events of our log, as one append. */
    appendAll: (stream: string, events: readonly { type: string; time: string }[]) =>
      store.appendToStream<Noted>(
        stream,
        events.map(({ type, time }) => ({ type: 'happened', data: { type, time } })),
      ),
    /** Carries commands out through Emmett's command handler, by a decider of ours. */
    handler<Command extends { readonly type: string }, State>({
      decide,
      evolve,
      initialState,
    }: Decider<Command, State>) {
      const handle = DeciderCommandHandler<State, { type: string; data: { command: Command } }, Decision>({
        initialState: () => initialState,
        evolve: (state, { type, data: { data, at } }) => evolve(state, { type, data, at } as Happened),
        decide: ({ data: { command } }, state) => {
          const at = Date.now()
          return decide(command, state, at).map(({ type, data }) => ({ type, data: { data, at } }))
        },
      })
      return (stream: string, command: Command) => handle(store, stream, { type: command.type, data: { command } })
    },
    /** How its deals were lived. */
    lives: async () =>
      (
        await pool.query<Lived>(
          `select types, count(*)::int deals from (
             select array_agg(message_type order by stream_position) types from emt_messages group by stream_id
             having max(stream_position) = count(*) and min(stream_position) = 1
           ) deal group by types`,
        )
      ).rows,
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
      await own.end()
    },
  }
}
