import type pg from 'pg'
import { topics, topicNames, type Head, type Topic } from '@funnel/events'

const partitions = topicNames.flatMap((topic) =>
  Array.from({ length: topics[topic].partitions }, (_, partition) => ({ topic: topics[topic].id, partition })),
)
const allTopics = partitions.map(({ topic }) => topic)
const allPartitions = partitions.map(({ partition }) => partition)
const allKeys = partitions.map(({ topic, partition }) => topic * 1000 + partition)

/**
 * Moves the watermark on, publishes the head, and wakes its readers (NOTIFY funnel_head); returns it. Each step is a
 * transaction of its own:
 *
 * 1. raise the floor to now, and above all that is recorded, so that a clock that stepped back hides nothing from readers
 *    until it has caught up: whoever takes an append lock from here on stamps at or above the floor;
 * 2. wait for those who hold an append lock now, partition by partition, so that a writer that hangs holds up nobody
 *    but its own partition (and the watermark, until its transaction times out);
 * 3. read, with a new snapshot, the last position of each partition below the floor.
 *
 * Everything recorded at or before W = floor − 1 ms is then visible, and nothing will be recorded there any more,
 * whatever the clock does. Safe to run concurrently.
 */
export async function advanceHead(client: pg.Pool | pg.ClientBase): Promise<Head> {
  const { rows: floors } = await client.query<{ floor: number }>({
    name: 'head-floor',
    text: `update store.meta set floor = greatest(floor, date_trunc('milliseconds', clock_timestamp()),
             (select max(recorded_at) + interval '1 ms' from store.event)) returning (extract(epoch from floor) * 1000)::bigint floor`,
  })
  const floor = new Date(floors[0]!.floor)

  const { rows: held } = await client.query<{ key: number }>({
    name: 'head-try',
    text: 'select key from unnest($1::int[]) key where not pg_try_advisory_xact_lock_shared(7001, key)',
    values: [allKeys],
  })
  for (const { key } of held)
    await client.query({ name: 'head-wait', text: 'select pg_advisory_xact_lock_shared(7001, $1)', values: [key] })

  const { rows } = await client.query<{ topic: number; partition: number; position: number }>({
    name: 'head-positions',
    text: `select p.topic, p.partition, l.position
           from unnest($1::smallint[], $2::smallint[]) p (topic, partition)
           join lateral (
             select e.position from store.event e
             where e.topic = p.topic and e.partition = p.partition and e.recorded_at < $3
             order by e.position desc limit 1) l on true`,
    values: [allTopics, allPartitions, floor],
  })
  const positions: { [topic in Topic]?: number[] } = {}
  for (const topic of topicNames) positions[topic] = Array.from({ length: topics[topic].partitions }, () => 0)
  for (const { topic, partition, position } of rows) positions[topicNames[topic - 1]!]![partition] = position

  const { rows: heads } = await client.query<{ epoch: string }>({
    name: 'head-publish',
    text: `insert into store.head (w, positions, epoch)
           select $1::timestamptz - interval '1 ms', $2, epoch from store.meta
           on conflict (one) do update set w = excluded.w, positions = excluded.positions, epoch = excluded.epoch
             where head.w < excluded.w or head.epoch <> excluded.epoch
           returning epoch, pg_notify('funnel_head', '')`,
    values: [floor, JSON.stringify(positions)],
  })
  const epoch =
    heads[0]?.epoch ?? (await client.query<{ epoch: string }>('select epoch from store.meta')).rows[0]!.epoch
  return { w: floor.getTime() - 1, positions, epoch }
}
