import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError, positionOf, type Head, type Topic } from '@funnel/events'
import type { Ends, IncomingRecord, KafkaClient } from './client.js'
import type { Naming } from './naming.js'
import { decode } from './record.js'

/** What the end of one partition of a topic shows. */
export interface PublishedEnd extends Ends {
  readonly topic: Topic
  readonly partition: number
  /** The highest position among the last records; 0 when there is none. */
  readonly position: number
  /** Every epoch among the last records. */
  readonly epochs: ReadonlySet<string>
}

const PATIENCE = 15_000

/**
 * Reads the last records of every partition of these topics, further back where only foreign records are found. A
 * partition whose records do not come in 15 s counts as empty: publishing them again harms nobody. Throws UNAVAILABLE.
 */
export async function publishedEnds(
  client: KafkaClient,
  wanted: readonly Topic[],
  names: Naming,
): Promise<readonly PublishedEnd[]> {
  const searches = new Map<string, Search>()
  for (const topic of wanted)
    for (const [partition, ends] of (await client.endsOf(names.nameOf(topic))).entries())
      searches.set(`${names.nameOf(topic)}/${partition}`, new Search(topic, partition, ends))
  const filled = [...searches.values()].filter(({ low, high }) => high > low)
  if (filled.length) await search(client, { searches, filled, names })
  return [...searches.values()]
}

/** Throws LOG_AHEAD when the topics hold what this store has not recorded. */
export function assertRecorded(ends: readonly PublishedEnd[], head: Head, { nameOf }: Naming): void {
  for (const { topic, partition, position, epochs } of ends) {
    const recorded = positionOf(head.positions, topic, partition)
    const foreign = [...epochs].some((epoch) => epoch !== head.epoch)
    const why = foreign
      ? 'was written from another store, or before a restore'
      : position > recorded && `has position ${position}, the store only ${recorded}`
    if (why)
      throw new FunnelError(
        'LOG_AHEAD',
        `The Kafka topic ${nameOf(topic)}, partition ${partition}, ${why}: delete the topics, they are published again, and rebuild the read models`,
        { topic, partition },
      )
  }
}

class Search implements PublishedEnd {
  readonly topic: Topic
  readonly partition: number
  readonly low: number
  readonly high: number
  readonly epochs = new Set<string>()
  position = 0
  /** Where the next look begins; 16 records from the end at first. */
  from: number
  done = false

  constructor(topic: Topic, partition: number, { low, high }: Ends) {
    this.topic = topic
    this.partition = partition
    this.low = low
    this.high = high
    this.from = Math.max(low, high - 16)
  }

  /** Takes in records; true when it must look further back, as what it saw up to the end was foreign. */
  take(records: readonly IncomingRecord[]): boolean {
    if (this.done) return false
    for (const message of records) {
      const published = message.offset >= this.from && decode(this.topic, this.partition, message)
      if (!published) continue
      this.position = Math.max(this.position, published.record.position)
      this.epochs.add(published.epoch)
    }
    if ((records.at(-1)?.offset ?? -1) < this.high - 1) return false
    this.done = this.position > 0 || this.from === this.low
    if (this.done) return false
    this.from = Math.max(this.low, this.high - (this.high - this.from) * 16)
    return true
  }
}

interface Searching {
  readonly searches: ReadonlyMap<string, Search>
  readonly filled: readonly Search[]
  readonly names: Naming
}

async function search(client: KafkaClient, { searches, filled, names }: Searching): Promise<void> {
  const group = `${names.prefix}cursor-${crypto.randomUUID()}`
  const found = Promise.withResolvers<void>()
  const seek = (some: readonly Search[]) => {
    for (const { topic, partition, from } of some) consumer.seek({ topic: names.nameOf(topic), partition }, from)
  }
  const filledTopics = [...new Set(filled.map(({ topic }) => names.nameOf(topic)))]
  const consumer = await client.consumer(group, filledTopics, {
    assigned: () => undefined,
    records: (topic, partition, records) => {
      const one = searches.get(`${topic}/${partition}`)
      if (one?.take(records)) seek([one])
      if (filled.every(({ done }) => done)) found.resolve()
      return Promise.resolve()
    },
    tick: () => undefined,
    failed: (error) => found.reject(error),
  })
  try {
    seek(filled)
    await Promise.race([found.promise, sleep(PATIENCE, undefined, { ref: false })])
  } finally {
    await consumer.close()
    await client.deleteGroup(group).catch(() => undefined)
  }
}
