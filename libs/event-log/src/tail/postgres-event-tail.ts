import type pg from 'pg'
import {
  FunnelError,
  positionOf,
  topicById,
  topics,
  topicNames,
  type Envelope,
  type Head,
  type Positions,
  type Recorded,
} from '@funnel/events'
import type { EventTail } from '../ports.js'

const COLUMNS = `e.topic, e.partition, e.position, e.stream, e.version,
  (date_part('epoch', e.recorded_at) * 1000)::bigint as recorded_ms, e.envelope`

/**
 * Little is pending: it is read by key, partition by partition, and nothing else is touched, however much others have
 * recorded in between.
 */
const BY_KEY = `
  select ${COLUMNS}
  from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::bigint[]) p (topic, partition, after, upto)
  cross join lateral (
    select * from store.event e
    where e.topic = p.topic and e.partition = p.partition and e.position > p.after and e.position <= p.upto
    order by e.position limit $5) e
  order by e.recorded_at, e.topic, e.partition, e.position
  limit $5`

/** Much is pending: it is read along the index of the total order, and comes in that order; the server would sort it once more. */
const BY_TIME = `select ${COLUMNS} from store.tail($1, $2, $3, $4, $6, $7, $5) e`

/** Reading by key touches at most this many times the rows it returns. */
const KEY_WASTE = 4

interface Row {
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly recorded_ms: number
  readonly envelope: Envelope
}

/** The tail of the store in PostgreSQL. Throws UNAVAILABLE when the database or a first head is not there. */
export function postgresEventTail(pool: pg.Pool | pg.ClientBase): EventTail {
  return {
    async read(after, upTo, limit) {
      const pending = pendingOf(after, upTo)
      if (!pending.length) return []
      const byKey = pending.reduce((rows, { from, to }) => rows + Math.min(limit, to - from), 0) <= KEY_WASTE * limit
      const values = [
        pending.map(({ topic }) => topic),
        pending.map(({ partition }) => partition),
        pending.map(({ from }) => from),
        pending.map(({ to }) => to),
        limit,
        ...(byKey ? [] : [slots(after), slots(upTo)]),
      ]
      const { rows } = await pool
        .query<Row>(
          byKey ? { name: 'tail-by-key', text: BY_KEY, values } : { name: 'tail-by-time', text: BY_TIME, values },
        )
        .catch(unavailable)
      return rows.sort(inOrder).map(record)
    },
    async heads(): Promise<Head> {
      const { rows } = await pool
        .query<{ w: number; positions: Positions; epoch: string }>({
          name: 'tail-heads',
          text: 'select (extract(epoch from w) * 1000)::bigint as w, positions, epoch from store.head',
        })
        .catch(unavailable)
      if (!rows[0])
        throw new FunnelError('UNAVAILABLE', 'the store has published no head yet: is the relay running?', {
          retryAfter: 1,
        })
      return rows[0]
    },
  }
}

interface Pending {
  readonly topic: number
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** The partitions that have something after `after` up to `upTo`. */
const pendingOf = (after: Positions, upTo: Positions): Pending[] =>
  topicNames.flatMap((topic) =>
    (upTo[topic] ?? [])
      .map((to, partition) => ({ topic: topics[topic].id, partition, from: positionOf(after, topic, partition), to }))
      .filter(({ from, to }) => to > from),
  )

/** Positions as the flat array that BY_TIME indexes: partition p of topic t at (t − 1) × 16 + p, counted from 0. */
function slots(positions: Positions): number[] {
  const flat = Array.from({ length: topicNames.length * 16 }, () => 0)
  for (const topic of topicNames)
    for (const [partition, position] of (positions[topic] ?? []).entries())
      flat[(topics[topic].id - 1) * 16 + partition] = position
  return flat
}

/** The total order. Rows that have it already cost next to nothing to sort; that a function gives them in order is no promise of SQL. */
const inOrder = (a: Row, b: Row): number =>
  a.recorded_ms - b.recorded_ms || a.topic - b.topic || a.partition - b.partition || a.position - b.position

const record = ({ topic, partition, position, stream, version, recorded_ms, envelope }: Row): Recorded => ({
  topic: topicById(topic),
  partition,
  position,
  stream,
  version,
  recorded: recorded_ms,
  event: envelope,
})

function unavailable(cause: unknown): never {
  throw new FunnelError('UNAVAILABLE', 'the event store did not answer; try again', { retryAfter: 1 }, cause)
}
