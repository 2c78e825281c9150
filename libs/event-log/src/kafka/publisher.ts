import { FunnelError, type Recorded } from '@funnel/events'
import type { Publisher } from '../ports.js'
import { reasonOf, type Acknowledged, type KafkaClient, type KafkaProducer, type OutgoingRecord } from './client.js'
import { naming, type Naming } from './naming.js'
import { encode } from './record.js'

const MAX_SENDS = 20
/**
 * Bytes of one partition in one send, which is one record batch: brokers refuse for good one that is larger than their
 * message.max.bytes, 1,048,588 by default, as they store it. Not compressed, as how far it shrinks is known too late.
 */
const BATCH_BYTES = 900_000

export interface Sent {
  readonly sent: readonly Recorded[]
  /** At which offset the records of each partition begin. */
  readonly acknowledged: readonly Acknowledged[]
}

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
    for (let left = records; left.length;) {
      const { sent } = await this.acknowledge(left)
      left = left.slice(sent.length)
    }
  }

  /** Publishes the first of these records, as many as brokers take at once; at least one, if any. Throws UNAVAILABLE. */
  async acknowledge(records: readonly Recorded[]): Promise<Sent> {
    if (!records.length) return { sent: [], acknowledged: [] }
    this.#producer ??= this.#client.producer()
    try {
      const producer = await this.#producer
      const some = this.#takenAtOnce(records)
      return { sent: records.slice(0, some.length), acknowledged: await publishAll(producer, some) }
    } catch (error) {
      // a producer that met a deleted topic is stuck on every topic, so none is used again after an error
      await this.close()
      throw error instanceof FunnelError
        ? error
        : new FunnelError(
            'UNAVAILABLE',
            `Kafka did not take the records (${reasonOf(error)}); publish them again later`,
            {},
            error,
          )
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.then((p) => p.close()).catch(() => undefined)
  }

  #takenAtOnce(records: readonly Recorded[]): OutgoingRecord[] {
    const some: OutgoingRecord[] = []
    const bytes = new Map<string, number>()
    for (const record of records) {
      const one = { topic: this.#naming.nameOf(record.topic), ...encode(record, this.#epoch) }
      const name = nameOf(one)
      const size = (bytes.get(name) ?? 0) + bytesOf(one)
      if (some.length && size > BATCH_BYTES) break
      bytes.set(name, size)
      some.push(one)
    }
    return some
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

/** What a record takes in a batch, or a little more. */
function bytesOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = 64 + Buffer.byteLength(key) + Buffer.byteLength(value)
  for (const name in headers) bytes += 8 + name.length + Buffer.byteLength(headers[name]!) // at half the price of entries
  return bytes
}
