import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { Recorded } from '@funnel/events'
import { describeKafka, testKafka } from '@funnel/testing'
import { Follower } from '../contract/follow.js'
import { Shelf } from '../contract/shelf.js'
import type { EventTail } from '../ports.js'
import { kafkaClient, type KafkaClient } from './client.js'
import { KafkaEventLog } from './event-log.js'
import { naming, type Naming } from './naming.js'
import { publishedEnds } from './published-ends.js'
import { KafkaPublisher } from './publisher.js'
import { decode } from './record.js'
import { replay } from './replay.js'
import { ensureTopics } from './topics.js'

describeKafka('a replay', () => {
  let brokers: string[]
  let client: KafkaClient
  beforeAll(async () => {
    brokers = (await testKafka()).brokers
    client = kafkaClient({ brokers, clientId: 'spec' })
  })
  afterAll(() => client.close())

  let shelf: Shelf
  let names: Naming
  let publisher: KafkaPublisher
  beforeEach(async () => {
    shelf = new Shelf()
    names = naming(`${crypto.randomUUID().slice(0, 8)}.`)
    await ensureTopics(client, ['leads', 'deals'], names)
    publisher = new KafkaPublisher(client, shelf.epoch, names)
  })
  afterEach(() => publisher.close())
  const again = (more: Partial<Parameters<typeof replay>[0]> = {}) =>
    replay({ tail: shelf, client, naming: names, topics: ['leads', 'deals'], ...more })

  /** What is on the topic of leads, in the order of each partition. */
  const onTopic = async (): Promise<Recorded[]> => {
    const topic = names.nameOf('leads')
    const ends = await client.endsOf(topic)
    const open = new Set(ends.flatMap(({ low, high }, partition) => (high > low ? [partition] : [])))
    const read: Recorded[] = []
    const done = Promise.withResolvers<void>()
    const consumer = await client.consumer(`${names.prefix}${crypto.randomUUID()}`, [topic], {
      assigned: () => undefined,
      records: (_, partition, records) => {
        read.push(...records.map((message) => decode('leads', partition, message)!.record))
        if (records.at(-1)!.offset >= ends[partition]!.high - 1) open.delete(partition)
        if (!open.size) done.resolve()
        return Promise.resolve()
      },
      tick: () => undefined,
      failed: done.reject,
    })
    await done.promise
    await consumer.close()
    return read
  }
  const positionsIn = (records: readonly Recorded[], partition: number) =>
    records.filter((record) => record.partition === partition).map(({ position }) => position)

  it('brings back what has expired, for one who comes late, and changes nothing for one who was there', async () => {
    const all = shelf.record(96)
    await publisher.publish(all)
    const log = new KafkaEventLog(shelf, { brokers, topicPrefix: names.prefix })
    const early = await new Follower().open(log, 'early')
    await early.until(all)
    for (const [partition, { high }] of (await client.endsOf(names.nameOf('leads'))).entries())
      await client.deleteRecords({ topic: names.nameOf('leads'), partition }, high - 1)
    const progress: number[] = []
    expect(await again({ onProgress: ({ done }) => progress.push(done) })).toBe(96)
    expect(progress.at(-1)).toBe(96)
    const read = await onTopic()
    expect(positionsIn(read, 3)).toEqual([6, 1, 2, 3, 4, 5, 6])
    expect(new Set(read.map(({ event }) => event.id))).toEqual(new Set(all.map(({ event }) => event.id)))
    await early.until([...all, ...(await shelve(16))])
    await early.close()
    await log.close()
    expect(early.seen).toEqual(shelf.records)
  })

  const shelve = async (count: number) => {
    const made = shelf.record(count)
    await publisher.publish(made)
    return made
  }

  it('of a range brings that, and a relay that starts finds the end where it was', async () => {
    await shelve(16 * 40)
    expect(await again({ topics: ['leads'], partition: 5, from: 2, to: 30 })).toBe(29)
    expect(positionsIn(await onTopic(), 5).slice(40)).toEqual([...Array.from({ length: 29 }, (_, i) => i + 2), 40])
    expect(positionsIn(await onTopic(), 6)).toHaveLength(40)
    const ends = await publishedEnds(client, ['leads'], names)
    expect(ends.map(({ position }) => position)).toEqual(ends.map(() => 40))
  })

  it('never goes beyond what a relay has published without what lies before it', async () => {
    await shelve(16 * 2)
    shelf.record(16 * 3)
    await again({ topics: ['leads'], from: 5 })
    expect(positionsIn(await onTopic(), 0)).toEqual([1, 2, 3, 4, 5])
  })

  it('brings large events of one partition too, more than a broker takes at once', async () => {
    shelf.record(100, { partitions: 1 })
    const large = (record: Recorded): Recorded => ({
      ...record,
      event: { ...record.event, data: { text: randomBytes(18_000).toString('base64') } },
    })
    const tail: EventTail = {
      heads: () => shelf.heads(),
      read: async (after, upTo, limit) => (await shelf.read(after, upTo, limit)).map(large),
    }
    expect(await again({ tail, topics: ['leads'] })).toBe(100)
    expect(positionsIn(await onTopic(), 0)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  it('is refused on the topics of another store, which it names as they are named in Kafka', async () => {
    await shelve(16)
    const other = new Shelf()
    other.record(16)
    await expect(again({ tail: other })).rejects.toMatchObject({
      code: 'LOG_AHEAD',
      message: expect.stringContaining(`The Kafka topic ${names.nameOf('leads')},`),
    })
  })

  it('stops when it is told to', async () => {
    await shelve(16)
    await expect(again({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  })
})
