import DataLoader from 'dataloader'
import type pg from 'pg'
import { recordOf, type EventRow } from './append-call.js'
import { translated } from './errors.js'

/** Looked up at once, at most. */
const MOST = 100
/** Of a stream; PostgreSQL's greatest int. */
const LAST_VERSION = 2 ** 31 - 1

/** Events of a stream with versions above `after` up to `last`. */
interface Range {
  readonly stream: string
  readonly after: number
  readonly last: number
}

/**
 * Reads of the event table: what is asked for in one turn of the loop is looked up by one statement, as those who decide
 * at once do. Nothing is kept. Throws UNAVAILABLE, and INVALID for what the database cannot look for.
 */
export function groupedReads(pool: pg.Pool) {
  const found = grouped(async (ids: readonly string[]) => {
    const { rows } = await pool.query<EventRow & { readonly id: string }>({
      name: 'find-events',
      text: `select id, ${RECORD} from store.event where id = any($1)`,
      values: [ids],
    })
    const known = new Map(rows.map(({ id, ...row }) => [id, recordOf(row)]))
    return ids.map((id) => known.get(id.toLowerCase()))
  })
  const ranges = grouped(async (asked: readonly Range[]) => {
    const { rows } = await pool.query<EventRow & { readonly nth: number }>({
      name: 'read-streams',
      // versions are dense: an upper bound, where a limit could have all the rest of a long stream sorted
      text: `select nth, ${RECORD}
             from unnest($1::text[], $2::int[], $3::int[]) with ordinality asked (name, after, last, nth)
             cross join lateral (select * from store.event where stream = name and version > after and version <= last) event
             order by nth, version`,
      values: [asked.map(({ stream }) => stream), asked.map(({ after }) => after), asked.map(({ last }) => last)],
    })
    const read = Map.groupBy(rows, ({ nth }) => nth)
    return asked.map((_, i) => (read.get(i + 1) ?? []).map(recordOf))
  })
  return {
    find: (id: string) => found.load(id),
    read: (stream: string, after = 0, most = LAST_VERSION) =>
      ranges.load({ stream, after, last: Math.min(after + most, LAST_VERSION) }),
  }
}

/** Gathers keys for a look-up; one that the database refuses holds back none of the others. */
function grouped<Key, Value>(lookUp: (keys: readonly Key[]) => Promise<Value[]>): DataLoader<Key, Value> {
  const look = async (keys: readonly Key[]): Promise<(Value | Error)[]> => {
    try {
      return await lookUp(keys)
    } catch (error) {
      const refusal = translated(error)
      if (keys.length === 1 || refusal.code === 'UNAVAILABLE') return keys.map(() => refusal)
      return (await Promise.all(keys.map((key) => look([key])))).flat()
    }
  }
  return new DataLoader(look, {
    cache: false,
    maxBatchSize: MOST,
    batchScheduleFn: (start) => void setImmediate(start),
  })
}

const RECORD =
  'topic, partition, position, stream, version, (extract(epoch from recorded_at) * 1000)::bigint recorded_ms, envelope'
