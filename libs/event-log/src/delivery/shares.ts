import { positionOf, topics, type Positions, type Topic } from '@funnel/events'

/** One partition of one topic. */
export interface Partition {
  readonly topic: Topic
  readonly partition: number
}

export const partitionKey = ({ topic, partition }: Partition): string => `${topic}/${partition}`

/** Every partition of these topics. */
export const partitionsOf = (wanted: readonly Topic[]): Partition[] =>
  wanted.flatMap((topic) => Array.from({ length: topics[topic].partitions }, (_, partition) => ({ topic, partition })))

/** Whether these are all the partitions of the topics. */
export const isWhole = (held: readonly Partition[], wanted: readonly Topic[]): boolean =>
  held.length === partitionsOf(wanted).length

/** The positions of these partitions alone; all others are 0, so nothing of them is read. */
export function restrict(positions: Positions, held: Iterable<Partition>): Positions {
  const rows: { [topic in Topic]?: number[] } = {}
  for (const { topic, partition } of held) {
    rows[topic] ??= Array.from({ length: topics[topic].partitions }, () => 0)
    rows[topic][partition] = positionOf(positions, topic, partition)
  }
  return rows
}

/** The greater position of both, partition by partition. */
export function furthest(a: Positions, b: Positions): Positions {
  const rows: { [topic in Topic]?: number[] } = {}
  for (const topic of new Set([...Object.keys(a), ...Object.keys(b)] as Topic[]))
    rows[topic] = Array.from({ length: topics[topic].partitions }, (_, partition) =>
      Math.max(positionOf(a, topic, partition), positionOf(b, topic, partition)),
    )
  return rows
}
