import { FunnelError, positionOf, topics, type Head, type Positions, type Recorded } from '@funnel/events'
import { restrict, type Partition } from './shares.js'

/** LOG_AHEAD: what the log or a consumer has, the store has not. */
export const ahead = (what: string, details: Record<string, unknown>): FunnelError =>
  new FunnelError('LOG_AHEAD', `${what}: this log is not the store's. Re-create the topics and rebuild.`, details)

/** LOG_GAP: a position that must be there is not in the store either. */
export const gap = ({ topic, partition }: Partition, position: number): FunnelError =>
  new FunnelError(
    'LOG_GAP',
    `Position ${position} of ${topics[topic].name}, partition ${partition}, is missing in the store: restore it from a backup`,
    { topic, partition, position },
  )

/** Throws LOG_AHEAD when a consumer's place lies beyond the store's head. */
export function assertNotAhead(place: Positions, head: Head, held: Iterable<Partition>): void {
  for (const { topic, partition } of held) {
    const at = positionOf(place, topic, partition)
    const end = positionOf(head.positions, topic, partition)
    if (at > end)
      throw ahead(
        `The consumer is at position ${at} of ${topics[topic].name}, partition ${partition}, the store at ${end}`,
        {
          topic,
          partition,
          position: at,
          end,
        },
      )
  }
}

/**
 * Throws LOG_GAP unless what was read after `after` is dense in every partition and, where the page was not full,
 * reaches `upTo`.
 */
export function assertDense(
  page: readonly Recorded[],
  { after, upTo, held, full }: { after: Positions; upTo: Positions; held: readonly Partition[]; full: boolean },
): void {
  const rows = restrict(after, held) as { [topic: string]: number[] }
  for (const { topic, partition, position } of page) {
    const row = rows[topic]
    if (position !== (row?.[partition] ?? 0) + 1) throw gap({ topic, partition }, (row?.[partition] ?? 0) + 1)
    if (row) row[partition] = position
  }
  if (full) return
  for (const share of held) {
    const reached = rows[share.topic]?.[share.partition] ?? 0
    if (reached < positionOf(upTo, share.topic, share.partition)) throw gap(share, reached + 1)
  }
}
