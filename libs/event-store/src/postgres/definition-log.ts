import type pg from 'pg'
import { businessPartitions, topics } from '@funnel/events'
import type { DefinitionLog } from '../definition-log.js'
import { recordOf, type EventRow } from './append-call.js'
import { translated } from './errors.js'

const business = businessPartitions.map(([topic, partition]) => `(${topic}, ${partition})`)

/** Queues lie beside the leads, and are no business yet. */
const FIRST_BUSINESS = `
  select (extract(epoch from min(begin.recorded_at)) * 1000)::bigint first
  from (values ${business.join()}) p (topic, partition) cross join lateral (
    select recorded_at from store.event e
    where e.topic = p.topic and e.partition = p.partition and e.type not like 'queue.%' order by e.position limit 1) begin`

const READ = `
  select topic, partition, position, stream, version, (extract(epoch from recorded_at) * 1000)::bigint recorded_ms, envelope
  from store.event where topic = ${topics.definitions.id} and partition = 0 and position > $1 order by position`

/** What the store in PostgreSQL says about definitions. */
export function postgresDefinitionLog(pool: pg.Pool): DefinitionLog {
  const rowsOf = async <Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> => {
    try {
      return (await pool.query<Row>(query)).rows
    } catch (error) {
      throw translated(error)
    }
  }
  return {
    read: async (after) => (await rowsOf<EventRow>({ name: 'definitions', text: READ, values: [after] })).map(recordOf),
    async firstBusiness() {
      const [row] = await rowsOf<{ first: number | null }>({ name: 'first-business', text: FIRST_BUSINESS })
      return row!.first ?? undefined
    },
  }
}
