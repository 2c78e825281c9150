import type { Instant, Recorded } from './envelope.js'
import { topics, topicNames, type Topic } from './topics.js'

/**
 * The last position known per partition of each topic, by partition number. A missing topic or partition means 0:
 * nothing yet. A consumer's place and the head of the log have this shape.
 */
export type Positions = { readonly [topic in Topic]?: readonly number[] }

/** The position of one partition, 0 where nothing is known. */
export const positionOf = (positions: Positions, topic: Topic, partition: number): number =>
  positions[topic]?.[partition] ?? 0

/** `positions` with those of `records` taken in: the greatest per partition. Does not change its argument. */
export function advance(
  positions: Positions,
  records: Iterable<Pick<Recorded, 'topic' | 'partition' | 'position'>>,
): Positions {
  const next: { [topic in Topic]?: number[] } = {}
  for (const topic of topicNames) {
    const known = positions[topic]
    if (known) next[topic] = [...known]
  }
  for (const { topic, partition, position } of records) {
    const row = (next[topic] ??= Array.from({ length: topics[topic].partitions }, () => 0))
    if (position > (row[partition] ?? 0)) row[partition] = position
  }
  return next
}

/** Whether every partition in `a` has reached `b`. */
export const covers = (a: Positions, b: Positions): boolean =>
  topicNames.every((topic) =>
    (b[topic] ?? []).every((position, partition) => positionOf(a, topic, partition) >= position),
  )

/** How many events lie after `from` up to `to`. */
export function distance(from: Positions, to: Positions): number {
  let sum = 0
  for (const topic of topicNames)
    for (const [partition, position] of (to[topic] ?? []).entries())
      sum += Math.max(0, position - positionOf(from, topic, partition))
  return sum
}

/** The total order of the log: (recorded, topic, partition, position). Every fold runs in it. */
export const totalOrder = (a: Recorded, b: Recorded): number =>
  a.recorded - b.recorded ||
  topics[a.topic].id - topics[b.topic].id ||
  a.partition - b.partition ||
  a.position - b.position

/**
 * The end of the log. Every event recorded at or before the watermark `w` is visible to readers and lies at or before
 * `positions`; nothing will ever be recorded at or before `w` again.
 */
export interface Head {
  readonly w: Instant
  readonly positions: Positions
  /** Random at the store's initialisation, new after a restore: a different epoch is a different log. */
  readonly epoch: string
}
