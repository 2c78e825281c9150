import { advance, covers, distance, FunnelError, positionOf, topics, type Positions, type Topic } from '@funnel/events'
import type { EventTail } from '../ports.js'
import type { KafkaClient } from './client.js'
import { naming, type Naming } from './naming.js'
import { assertRecorded, publishedEnds, type PublishedEnd } from './published-ends.js'
import { KafkaPublisher } from './publisher.js'
import { ensureTopics } from './topics.js'

export interface Replay {
  readonly tail: EventTail
  readonly client: KafkaClient
  readonly naming?: Naming
  readonly topics: readonly Topic[]
  /** One partition of each topic; all of them when absent. */
  readonly partition?: number
  /** The first and the last position, both included; all there are when absent. */
  readonly from?: number
  readonly to?: number
  /** Told after every page. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  /** Ends it between two pages. */
  readonly signal?: AbortSignal
}

const PAGE = 2000

/**
 * Publishes events again from the store to the topics, for consumers that come when records have expired; returns how many.
 * Relays may run: positions tell their readers what is a repeat. Never leaves a gap on a topic: where less was published
 * than `from` it begins there. Throws LOG_AHEAD when the topics are not this store's, UNAVAILABLE, INVALID.
 */
export async function replay(what: Replay): Promise<number> {
  const { tail, client, naming: names = naming(), onProgress, signal } = what
  await ensureTopics(client, what.topics, names)
  const ends = await publishedEnds(client, what.topics, names)
  const head = await tail.heads()
  assertRecorded(ends, head, names)
  const chosen = ends.filter(({ partition }) => what.partition === undefined || what.partition === partition)
  const upTo = placesOf(chosen, ({ topic, partition }) =>
    Math.min(what.to ?? Infinity, positionOf(head.positions, topic, partition)),
  )
  const from = placesOf(chosen, ({ position }) => Math.min(what.from ?? 1, position + 1) - 1)
  const publisher = new KafkaPublisher(client, head.epoch, names)
  const total = distance(from, upTo)
  /** All from one place to another; `reached` is told the place after each page. */
  const publish = async (after: Positions, to: Positions, reached: (place: Positions) => void) => {
    for (let place = after; !covers(place, to); reached(place)) {
      signal?.throwIfAborted()
      const page = await tail.read(place, to, PAGE)
      if (!page.length)
        throw new FunnelError('LOG_GAP', 'The store lacks events its head names: restore it from a backup')
      await publisher.publish(page)
      place = advance(place, page)
    }
  }
  try {
    await publish(from, upTo, (place) => onProgress?.({ done: total - distance(place, upTo), total }))
    // a relay that starts goes on from the last records of a partition: they are those that were there before
    const cut = chosen.filter(({ topic, partition, position }) => position > positionOf(upTo, topic, partition))
    await publish(
      placesOf(cut, ({ position }) => position - 1),
      placesOf(cut, ({ position }) => position),
      () => undefined,
    )
  } finally {
    await publisher.close()
  }
  return total
}

/** A position for each of these partitions, and 0 for all others. */
function placesOf(ends: readonly PublishedEnd[], position: (end: PublishedEnd) => number): Positions {
  const places: { [topic in Topic]?: number[] } = {}
  for (const end of ends) {
    places[end.topic] ??= Array.from({ length: topics[end.topic].partitions }, () => 0)
    places[end.topic]![end.partition] = position(end)
  }
  return places
}
