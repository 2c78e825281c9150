import { advance, FunnelError, topicNames, type Head, type Recorded, type Topic } from '@funnel/events'
import {
  ensureTopics,
  KafkaPublisher,
  publishedEnds,
  type Acknowledged,
  type EventTail,
  type KafkaClient,
  type Naming,
} from '@funnel/event-log'
import type { Logger } from '@funnel/platform'
import { Cursor } from './cursor.js'

export interface RelayParts {
  readonly tail: EventTail
  readonly client: KafkaClient
  readonly naming: Naming
  readonly logger: Logger
  /** Told what the topics show to be published, at first; it moves on with what is published. */
  readonly began: (cursor: Cursor) => void
  /** Told what was just published; nothing, where there was nothing to publish. */
  readonly published: (records: readonly Recorded[]) => void
  /** Told that a loop turned. */
  readonly tick: () => void
  /** Resolves when the head may have moved, at the latest after `ms`. */
  readonly moved: (ms: number) => Promise<void>
  /** How often topics are looked at for records they lost, in ms. */
  readonly checkEvery?: number
}

/** Events read and, unless they are large, sent at once at most; heads move at most every 10 ms, which is all the lingering there is. */
const PAGE = 4000
const IDLE = 250

/**
 * Publishes the tail of the store until the signal is aborted. Positions make repeats harmless, so it goes on from what
 * the topics show and needs no memory of its own. Throws LOG_AHEAD, and UNAVAILABLE when Kafka or the store is away: call
 * again.
 */
export async function relay(parts: RelayParts, signal: AbortSignal): Promise<void> {
  const { tail, client, naming, logger, tick, moved, checkEvery = 10_000 } = parts
  await ensureTopics(client, topicNames, naming)
  const ends = await publishedEnds(client, topicNames, naming)
  // after the ends, so that what another relay published meanwhile is in the head
  const { epoch, ...first } = await tail.heads()
  const cursor = Cursor.from(ends, { epoch, ...first }, naming)
  parts.began(cursor)
  const mayExpire = await expiringTopics(client, naming)
  const publisher = new KafkaPublisher(client, epoch, naming)
  logger.info({ topics: topicNames.map(naming.nameOf) }, 'this process publishes the log')
  let checked = performance.now()
  try {
    while (!signal.aborted) {
      tick()
      const head = await tail.heads()
      if (head.epoch !== epoch)
        throw new FunnelError(
          'UNAVAILABLE',
          'The store was replaced while it was published; looking at the topics again',
        )
      if (performance.now() - checked > checkEvery) {
        await assertIntact(parts, cursor, mayExpire)
        checked = performance.now()
      }
      if (cursor.isAt(head)) {
        parts.published([])
        await moved(IDLE)
      } else await publishUpTo(head, { ...parts, cursor, publisher, signal })
    }
  } finally {
    await publisher.close()
  }
}

interface Publishing extends RelayParts {
  readonly cursor: Cursor
  readonly publisher: KafkaPublisher
  readonly signal: AbortSignal
}

/** Page after page, each in as many sends as it takes; the next one is read while one is sent. */
async function publishUpTo(head: Head, parts: Publishing): Promise<void> {
  const { tail, cursor, publisher, naming, logger, signal, published, tick } = parts
  let next: Promise<readonly Recorded[]> | undefined = tail.read(cursor.positions, head.positions, PAGE)
  while (next && !signal.aborted) {
    const page: readonly Recorded[] = await next
    if (!page.length)
      throw new FunnelError('LOG_GAP', 'The store lacks events its head names: restore it from a backup')
    next = page.length < PAGE ? undefined : tail.read(advance(cursor.positions, page), head.positions, PAGE)
    // looked at above, or not at all when sending fails
    next?.catch(() => undefined)
    for (let left = page; left.length && !signal.aborted;) {
      const { sent, acknowledged } = await publisher.acknowledge(left)
      const restarted = cursor.acknowledge(withReach(sent, acknowledged, naming))
      published(sent)
      tick()
      if (restarted.length) {
        logger.warn({ partitions: restarted }, 'partitions have lost their records and are published again')
        return
      }
      left = left.slice(sent.length)
    }
  }
}

/** What was acknowledged, with how many records of each partition were sent and up to which position. */
function withReach(sent: readonly Recorded[], acknowledged: readonly Acknowledged[], naming: Naming) {
  const offsets = new Map<string, number>()
  // a partition that moved to another broker while it was sent may be answered for twice: the later copy counts
  for (const { topic, partition, offset } of acknowledged) {
    const key = `${topic}/${partition}`
    offsets.set(key, Math.max(offset, offsets.get(key) ?? 0))
  }
  return [...Map.groupBy(sent, ({ topic, partition }) => `${naming.nameOf(topic)}/${partition}`)].flatMap(
    ([key, records]) => {
      const offset = offsets.get(key)
      const last = records.at(-1)
      return last && offset !== undefined
        ? [{ topic: last.topic, partition: last.partition, offset, count: records.length, reached: last.position }]
        : []
    },
  )
}

/** Throws UNAVAILABLE, so that the topics are looked at anew, when one of them is gone or has lost records. */
async function assertIntact(
  { client, naming }: RelayParts,
  cursor: Cursor,
  mayExpire: ReadonlySet<Topic>,
): Promise<void> {
  const existing = await client.partitionsOf(topicNames.map(naming.nameOf))
  for (const topic of topicNames) {
    const name = naming.nameOf(topic)
    const intact =
      existing.has(name) && cursor.agrees(topic, await client.endsOf(name), { mayExpire: mayExpire.has(topic) })
    if (!intact)
      throw new FunnelError('UNAVAILABLE', `The Kafka topic ${name} was deleted or emptied; publishing it again`)
  }
}

/** Topics whose records the brokers may drop with time: those being empty is no loss. */
async function expiringTopics(client: KafkaClient, naming: Naming): Promise<ReadonlySet<Topic>> {
  const retention = await client.topicConfigs(topicNames.map(naming.nameOf), 'retention.ms')
  return new Set(topicNames.filter((topic) => retention.get(naming.nameOf(topic)) !== '-1'))
}
