import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { topicNames, topics } from '@funnel/events'
import { describeKafka, testKafka } from '@funnel/testing'
import { kafkaClient, type KafkaClient } from './client.js'
import { naming, type Naming } from './naming.js'
import { ensureTopics } from './topics.js'

describeKafka('the topics', () => {
  let client: KafkaClient
  let names: Naming
  beforeAll(async () => {
    client = kafkaClient({ brokers: (await testKafka()).brokers, clientId: 'spec' })
  })
  beforeEach(() => {
    names = naming(`${crypto.randomUUID().slice(0, 8)}.`)
  })
  afterAll(() => client.close())

  it('are made with the partitions of the store, compressed with zstd, and kept for ever', async () => {
    await ensureTopics(client, topicNames, names)
    await ensureTopics(client, topicNames, names)
    const all = topicNames.map(names.nameOf)
    expect(topicNames.filter((topic) => topics[topic].partitions === 16)).toHaveLength(topicNames.length - 1)
    expect(await client.partitionsOf(all)).toEqual(
      new Map(topicNames.map((topic) => [names.nameOf(topic), topics[topic].partitions])),
    )
    for (const [name, value] of [
      ['compression.type', 'zstd'],
      ['retention.ms', '-1'],
    ] as const)
      expect(await client.topicConfigs(all, name)).toEqual(new Map(all.map((topic) => [topic, value])))
  })

  const existing = (config: Record<string, string>, partitions: number = topics.leads.partitions) =>
    client.createTopics([{ topic: names.nameOf('leads'), partitions, config }], 1)

  it('of another number of partitions are refused', async () => {
    await existing({}, 3)
    await expect(ensureTopics(client, ['leads'], names)).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('has 3 partitions and must have 16'),
    })
  })

  it.each(['lz4', 'snappy'])(
    'that brokers compress with %s, which would end every consumer, are refused',
    async (type) => {
      await existing({ 'compression.type': type })
      await expect(ensureTopics(client, topicNames, names)).rejects.toMatchObject({
        code: 'INVALID',
        message: expect.stringContaining(`is compressed with ${type}`),
      })
      expect((await client.partitionsOf(topicNames.map(names.nameOf))).size).toBe(1)
    },
  )

  it.each(['producer', 'gzip', 'uncompressed'])('that brokers keep as %s are taken', async (type) => {
    await existing({ 'compression.type': type })
    await expect(ensureTopics(client, ['leads'], names)).resolves.toBeUndefined()
  })

  it('come into being in no other way: neither by writing to one nor by reading it', async () => {
    const topic = names.nameOf('leads')
    const producer = await client.producer()
    const record = { topic, partition: 0, key: 'k', value: 'v', headers: {}, timestamp: 0 }
    await expect(producer.send([record])).rejects.toThrow()
    await producer.close()
    const failed = Promise.withResolvers<unknown>()
    const events = {
      assigned: () => undefined,
      records: () => Promise.resolve(),
      tick: () => undefined,
      failed: failed.resolve,
    }
    const consumer = await client.consumer(`${topic}-readers`, [topic], events).catch(failed.resolve)
    await failed.promise
    await consumer?.close()
    expect((await client.partitionsOf([topic])).size).toBe(0)
  })
})
