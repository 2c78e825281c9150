import {
  positionOf,
  topicNames,
  topics,
  totalOrder,
  type Head,
  type Instant,
  type Positions,
  type Recorded,
  type Topic,
} from '@funnel/events'
import type { EventTail } from '../ports.js'

/** A store for tests: what stands on it is the log, and its end is published at once. */
export class Shelf implements EventTail {
  epoch: string = crypto.randomUUID()
  #records: Recorded[] = []
  #clock: Instant = Date.UTC(2024, 0, 1)
  /** How often `read` was asked. */
  reads = 0

  get records(): readonly Recorded[] {
    return this.#records.toSorted(totalOrder)
  }

  /** Records `count` events, one by one round the partitions; several share an instant. */
  record(
    count: number,
    { topic = 'leads', partitions = topics[topic].partitions }: { topic?: Topic; partitions?: number } = {},
  ): Recorded[] {
    const start = this.#records.filter((record) => record.topic === topic).length
    const made = Array.from({ length: count }, (_, index): Recorded => {
      const partition = (start + index) % partitions
      const position = this.#last(topic, partition) + 1
      if (index % 3 === 0) this.#clock++
      const key = `${topic}-${partition}`
      const record: Recorded = {
        topic,
        partition,
        position,
        stream: `lead-${key}`,
        version: position,
        recorded: this.#clock,
        event: {
          specversion: '1.0',
          id: crypto.randomUUID(),
          source: 'test',
          type: 'lead.captured',
          dataschema: 'lead.captured:1',
          time: new Date(this.#clock).toISOString(),
          partitionkey: key,
          data: { lead: key, index },
        },
      }
      this.#records.push(record)
      this.#ends.set(`${topic}/${partition}`, position)
      return record
    })
    this.#clock++
    return made
  }

  /** Loses records, as no store should. */
  lose(lost: (record: Recorded) => boolean): void {
    this.#records = this.#records.filter((record) => !lost(record))
  }

  read(after: Positions, upTo: Positions, limit: number): Promise<readonly Recorded[]> {
    this.reads++
    const wanted = this.#records.filter(
      ({ topic, partition, position }) =>
        position > positionOf(after, topic, partition) && position <= positionOf(upTo, topic, partition),
    )
    return Promise.resolve(wanted.sort(totalOrder).slice(0, limit))
  }

  heads(): Promise<Head> {
    const positions: { [topic in Topic]?: number[] } = {}
    for (const topic of topicNames)
      positions[topic] = Array.from({ length: topics[topic].partitions }, (_, partition) =>
        this.#last(topic, partition),
      )
    return Promise.resolve({ w: this.#clock, positions, epoch: this.epoch })
  }

  readonly #ends = new Map<string, number>()
  #last(topic: Topic, partition: number): number {
    return this.#ends.get(`${topic}/${partition}`) ?? 0
  }
}
