import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { describeKafka, testKafka } from '@funnel/testing'
import { eventLogContract, type LogUnderTest } from '../contract/event-log.contract.js'
import { eventually, Follower } from '../contract/follow.js'
import { Shelf } from '../contract/shelf.js'
import type { EventLog } from '../ports.js'
import { kafkaClient, type KafkaClient } from './client.js'
import { KafkaEventLog, type KafkaEventLogOptions } from './event-log.js'
import { naming } from './naming.js'
import { KafkaPublisher } from './publisher.js'
import { ensureTopics } from './topics.js'

describeKafka('KafkaEventLog', () => {
  let brokers: string[]
  let client: KafkaClient
  beforeAll(async () => {
    brokers = (await testKafka()).brokers
    client = kafkaClient({ brokers, clientId: 'spec' })
  })
  afterAll(() => client.close())

  const fixture = async (options: Partial<KafkaEventLogOptions> = {}) => {
    const shelf = new Shelf()
    const names = naming(`${crypto.randomUUID().slice(0, 8)}.`)
    await ensureTopics(client, ['leads', 'deals'], names)
    const publisher = new KafkaPublisher(client, shelf.epoch, names)
    const logs: EventLog[] = []
    const ends: (() => void | Promise<void>)[] = []
    const log = () => {
      const opened = new KafkaEventLog(shelf, {
        brokers,
        batchSize: 10,
        patience: 200,
        sessionTimeout: 6000,
        topicPrefix: names.prefix,
        ...options,
      })
      logs.push(opened)
      return opened
    }
    return {
      shelf,
      names,
      publisher,
      log,
      publish: (records) => publisher.publish(records),
      die: async (group) => {
        // it hangs in its first record, so it sends no heartbeats and is thrown out
        const joined = Promise.withResolvers<void>()
        const hanging = new Promise<void>((resolve) => ends.push(resolve))
        const dead = await client.consumer(names.prefix + group, [names.nameOf('leads'), names.nameOf('deals')], {
          assigned: () => undefined,
          records: () => {
            joined.resolve()
            return hanging
          },
          tick: () => undefined,
          failed: () => undefined,
        })
        ends.push(() => dead.close())
        await joined.promise
      },
      close: async () => {
        await Promise.all(logs.map((opened) => opened.close()))
        for (const end of ends) await end()
        await publisher.close()
      },
    } satisfies LogUnderTest & Record<string, unknown>
  }

  eventLogContract(() => fixture())

  describe('where Kafka is not what the store is', () => {
    let under: Awaited<ReturnType<typeof fixture>>
    const using = async (options?: Partial<KafkaEventLogOptions>) => (under = await fixture(options))
    afterEach(() => under.close())
    const leads = () => under.names.nameOf('leads')

    it('goes on over a topic that is deleted and published again, and skips nothing', async () => {
      await using()
      await under.publish(under.shelf.record(40))
      const follower = await new Follower().open(under.log(), 'recreated')
      await follower.until(under.shelf.records)
      await client.deleteTopics([leads()])
      await ensureTopics(client, ['leads'], under.names)
      const again = new KafkaPublisher(client, under.shelf.epoch, under.names)
      under.shelf.record(40)
      await again.publish(under.shelf.records)
      // the iteration may end when the topic goes: then it is opened again from the place, as a consumer does
      await eventually(() => follower.failure !== undefined || follower.seen.length === 80)
      await follower.close()
      const rest = new Follower()
      rest.place = follower.place
      await rest.open(under.log(), 'recreated')
      await rest.until(under.shelf.records, [follower, rest])
      await rest.close()
      await again.close()
      expect([...follower.seen, ...rest.seen]).toEqual(under.shelf.records)
    })

    it('never jumps over records that have expired: they come from the store', async () => {
      await using()
      await under.publish(under.shelf.record(48))
      const early = await new Follower().open(under.log(), 'expired')
      await early.until(under.shelf.records)
      await early.close()
      await under.publish(under.shelf.record(48))
      for (const [partition, { high }] of (await client.endsOf(leads())).entries())
        await client.deleteRecords({ topic: leads(), partition }, high - 1)
      await under.publish(under.shelf.record(16))
      const late = await new Follower().open(under.log(), 'late')
      const resumed = new Follower()
      resumed.place = early.place
      await resumed.open(under.log(), 'expired')
      await late.until(under.shelf.records)
      await resumed.until(under.shelf.records)
      await late.close()
      await resumed.close()
      expect(late.seen).toEqual(under.shelf.records)
      expect([...early.seen, ...resumed.seen]).toEqual(under.shelf.records)
    })

    it('leaves out what somebody else wrote on the topic, and counts it', async () => {
      await using()
      const producer = await client.producer()
      const junk = { topic: leads(), key: 'x', value: 'not ours', timestamp: 0, partition: 4 }
      await producer.send([{ ...junk, headers: {} }])
      await under.publish(under.shelf.record(32))
      await producer.send([{ ...junk, headers: { position: '1', version: '1' } }])
      await producer.close()
      const log = under.log()
      const follower = await new Follower().open(log, 'foreign')
      await follower.until(under.shelf.records)
      await eventually(() => log.setAside === 2)
      await follower.close()
      expect(follower.seen).toEqual(under.shelf.records)
    })

    it('stops with LOG_AHEAD on records of another store', async () => {
      await using()
      under.shelf.record(16)
      const other = new KafkaPublisher(client, 'another epoch', under.names)
      await other.publish(under.shelf.records)
      await other.close()
      const follower = await new Follower().open(under.log(), 'other')
      await eventually(() => follower.failure !== undefined)
      expect(follower.failure).toMatchObject({ code: 'LOG_AHEAD' })
    })

    it('stops with LOG_AHEAD on a topic that holds more than the store', async () => {
      await using()
      const restored = new Shelf()
      restored.record(16)
      await under.publish([...restored.record(16), ...restored.record(16)])
      under.shelf.record(16)
      const follower = await new Follower().open(under.log(), 'more')
      await eventually(() => follower.failure !== undefined)
      expect(follower.failure).toMatchObject({ code: 'LOG_AHEAD' })
    })

    it('reads the store while it is far behind, and Kafka from there on', async () => {
      await using({ storeLag: 100, patience: 60_000 })
      await under.publish(under.shelf.record(500))
      const follower = await new Follower().open(under.log(), 'behind')
      await follower.until(under.shelf.records)
      const { reads } = under.shelf
      expect(reads).toBeGreaterThanOrEqual(40)
      await under.publish(under.shelf.record(60))
      await follower.until(under.shelf.records)
      await follower.close()
      expect(under.shelf.reads).toBe(reads)
      expect(follower.seen).toEqual(under.shelf.records)
    })

    it('keeps the order with little memory, by letting partitions wait that are ahead', async () => {
      await using({ laneCapacity: 5, patience: 60_000 })
      const all = under.shelf.record(640)
      const [slow, fast] = [
        all.filter(({ partition }) => partition === 0),
        all.filter(({ partition }) => partition !== 0),
      ]
      await under.publish(fast)
      const follower = await new Follower().open(under.log(), 'narrow')
      await under.publish(slow)
      await follower.until(all)
      await follower.close()
      expect(follower.seen).toEqual(under.shelf.records)
      expect(under.shelf.reads).toBe(0)
    })
  })
})
