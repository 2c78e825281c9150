import type pg from 'pg'
import { contentHash, FunnelError, topics, type Instant, type Recorded } from '@funnel/events'

/** Rows of one statement. */
const CHUNK = 2000

/**
 * Fills a store that holds nothing with a history that did not happen, as a store in memory with a simulated clock
 * recorded it: places, versions and recorded times stay as they are, so that it is known from when it would have become
 * known. All or nothing. From then on the real clock goes on, and the store remembers until when it was simulated. Throws
 * REJECTED where the store holds anything, INVALID for a record of a time to come.
 */
export async function fillWithHistory(pool: pg.Pool, records: readonly Recorded[]): Promise<void> {
  const until = records.reduce((last, { recorded }) => Math.max(last, recorded), 0)
  if (until >= Date.now()) throw new FunnelError('INVALID', 'a history ends in the past', { until })
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('lock table store.event in exclusive mode')
    const { rows } = await client.query<{ hash_key: Buffer; holds: boolean }>(
      'select hash_key, exists (select from store.event) as holds from store.meta',
    )
    const { hash_key: key, holds } = rows[0]!
    if (holds) throw new FunnelError('REJECTED', 'the store holds events already: a history needs a store of its own')
    for (let at = 0; at < records.length; at += CHUNK)
      await client.query(INSERT, [JSON.stringify(records.slice(at, at + CHUNK).map((record) => rowOf(record, key)))])
    await client.query('update store.meta set simulated_until = $1', [new Date(until)])
    await client.query('delete from store.head') // the next one has what is new
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}

/** Until when what a store holds was simulated; undefined where all of it happened. */
export async function simulatedUntil(pool: pg.Pool): Promise<Instant | undefined> {
  const { rows } = await pool.query<{ until: Instant | null }>(
    'select (extract(epoch from simulated_until) * 1000)::bigint as until from store.meta',
  )
  return rows[0]?.until ?? undefined
}

/**
 * Until when what a store holds is history in which automation and SLA monitor had their part: it was simulated, or recorded
 * before the store was put back from a backup (`newEpoch`). Undefined where it holds none.
 */
export async function historyUntil(pool: pg.Pool): Promise<Instant | undefined> {
  const { rows } = await pool.query<{ until: Instant | null }>(
    'select (extract(epoch from greatest(simulated_until, restored_until)) * 1000)::bigint as until from store.meta',
  )
  return rows[0]?.until ?? undefined
}

const INSERT = `
  insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
  select topic, partition, position, stream, version, id, type, recorded_at, hash, envelope
  from json_populate_recordset(null::store.event, $1)`

const rowOf = ({ topic, recorded, event, ...place }: Recorded, key: Buffer) => ({
  ...place,
  topic: topics[topic].id,
  id: event.id,
  type: event.type,
  recorded_at: new Date(recorded).toISOString(),
  hash: `\\x${contentHash(key, event).toString('hex')}`,
  envelope: event,
})
