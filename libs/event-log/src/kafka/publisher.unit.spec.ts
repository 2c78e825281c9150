import { describe, expect, it } from '@jest/globals'
import { Shelf } from '../contract/shelf.js'
import type { KafkaClient, KafkaProducer, OutgoingRecord } from './client.js'
import { KafkaPublisher, publishAll } from './publisher.js'

const record = (partition: number, value: string): OutgoingRecord => ({
  topic: 't',
  partition,
  key: 'k',
  value,
  headers: {},
  timestamp: 0,
})
const records = [record(0, 'a'), record(1, 'b'), record(0, 'c'), record(2, 'd')]

/** A producer whose answers name only these partitions. */
const producer = (...answers: number[][]) => {
  const sent: string[][] = []
  return {
    sent,
    send: (some: readonly OutgoingRecord[]) => {
      sent.push(some.map(({ value }) => value))
      return Promise.resolve((answers.shift() ?? []).map((partition) => ({ topic: 't', partition, offset: 0 })))
    },
  }
}

/** A client that does nothing but send. */
const clientThat = (send: KafkaProducer['send']) =>
  ({ producer: () => Promise.resolve({ send, close: () => Promise.resolve() }) }) as Partial<KafkaClient> as KafkaClient

describe('publishing', () => {
  it('is done when the answer names every partition', async () => {
    const all = producer([0, 1, 2])
    expect(await publishAll(all, records)).toHaveLength(3)
    expect(all.sent).toHaveLength(1)
  })

  it('sends again, in order, the partitions that no answer has named', async () => {
    const partly = producer([1], [], [2], [0])
    await publishAll(partly, records)
    expect(partly.sent).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'c', 'd'],
      ['a', 'c', 'd'],
      ['a', 'c'],
    ])
  })

  it('sends no more of a partition at once than brokers take, and all of it in order', async () => {
    const sent: (readonly OutgoingRecord[])[] = []
    const client = clientThat((some) => {
      sent.push(some)
      return Promise.resolve(some.map((one) => ({ ...one, offset: 0 })))
    })
    const large = new Shelf().record(100, { partitions: 2 }).map((one) => ({
      ...one,
      event: { ...one.event, data: { text: 'ä'.repeat(15_000) } },
    }))
    await new KafkaPublisher(client, 'epoch').publish(large)
    expect(sent.flat().map(({ headers }) => headers['ce_id'])).toEqual(large.map(({ event }) => event.id))
    expect(sent).toHaveLength(2)
    for (const some of Map.groupBy(sent[0]!, ({ partition }) => partition).values())
      expect(Buffer.byteLength(some.map(({ value }) => value).join(''))).toBeLessThan(1_000_000)
  })

  it('tells why Kafka did not take what was sent', async () => {
    const client = clientThat(() => Promise.reject(new Error('Not enough in-sync replicas')))
    await expect(new KafkaPublisher(client, 'epoch').publish(new Shelf().record(1))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Not enough in-sync replicas'),
    })
  })

  it('gives up loudly when partitions are never named', async () => {
    await expect(publishAll(producer([0, 1]), records)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { missing: ['t/2'] },
    })
  })
})
