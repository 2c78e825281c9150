import { FunnelError, type Recorded } from '@funnel/events'
import type { Publisher } from '../ports.js'
import type { Acknowledged, KafkaClient, KafkaProducer, OutgoingRecord } from './client.js'
import { naming, type Naming } from './naming.js'
import { encode } from './record.js'

const MAX_SENDS = 20

/** Publishes records of the store with this epoch. Not for concurrent calls: order within a partition is the caller's. */
export class KafkaPublisher implements Publisher {
  readonly #client: KafkaClient
  readonly #epoch: string
  readonly #naming: Naming
  #producer: Promise<KafkaProducer> | undefined

  constructor(client: KafkaClient, epoch: string, names = naming()) {
    this.#client = client
    this.#epoch = epoch
    this.#naming = names
  }

  async publish(records: readonly Recorded[]): Promise<void> {
    await this.acknowledge(records)
  }

  /** As `publish`, and says at which offset the records of each partition begin. Throws UNAVAILABLE. */
  async acknowledge(records: readonly Recorded[]): Promise<readonly Acknowledged[]> {
    if (!records.length) return []
    this.#producer ??= this.#client.producer()
    try {
      const producer = await this.#producer
      return await publishAll(
        producer,
        records.map((record) => ({ topic: this.#naming.nameOf(record.topic), ...encode(record, this.#epoch) })),
      )
    } catch (error) {
      // a producer that met a deleted topic is stuck on every topic, so none is used again after an error
      await this.close()
      throw error instanceof FunnelError
        ? error
        : new FunnelError('UNAVAILABLE', 'Kafka did not take the records; publish them again later', {}, error)
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((p) => p.close()).catch(() => undefined)
  }
}

/**
 * Sends until the answers have named every partition that was sent: when a leader dies kafkajs says all went well
 * although some partitions were never sent. Whole partitions are sent again, so order within each holds.
 */
export async function publishAll(
  producer: Pick<KafkaProducer, 'send'>,
  records: readonly OutgoingRecord[],
): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = []
  let left = records
  for (let sends = 0; left.length; sends++) {
    if (sends === MAX_SENDS)
      throw new FunnelError('UNAVAILABLE', `Kafka acknowledged no more than a part of ${records.length} records`, {
        missing: [...new Set(left.map(nameOf))],
      })
    const answer = await producer.send(left)
    acknowledged.push(...answer)
    const named = new Set(answer.map(nameOf))
    left = left.filter((record) => !named.has(nameOf(record)))
  }
  return acknowledged
}

const nameOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic}/${partition}`
