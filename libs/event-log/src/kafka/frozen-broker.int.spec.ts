import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { describeKafka, startKafka, type TestKafka } from '@funnel/testing'
import { eventually, Follower } from '../contract/follow.js'
import { Shelf } from '../contract/shelf.js'
import { kafkaClient } from './client.js'
import { KafkaEventLog } from './event-log.js'
import { KafkaPublisher } from './publisher.js'
import { ensureTopics } from './topics.js'

describeKafka(
  'a broker that is frozen',
  () => {
    let kafka: TestKafka
    beforeAll(async () => {
      kafka = await startKafka()
    })
    afterAll(() => kafka.remove())

    it('fails a consumer, and lets go of it, before a service takes its loop for stuck, after 60 s', async () => {
      const client = kafkaClient({ brokers: kafka.addresses, clientId: 'spec' })
      const shelf = new Shelf()
      await ensureTopics(client, ['leads', 'deals'])
      const publisher = new KafkaPublisher(client, shelf.epoch)
      await publisher.publish(shelf.record(16))
      const log = new KafkaEventLog(shelf, { brokers: kafka.addresses })
      const follower = await new Follower().open(log, 'frozen')
      await follower.until(shelf.records)
      process.kill(kafka.brokers[0]!.pid!, 'SIGSTOP')
      const frozen = performance.now()
      await sleep(4000) // for so long it goes on from the store
      shelf.record(16)
      await eventually(() => follower.failure !== undefined, 100)
      await follower.close()
      expect(performance.now() - frozen).toBeLessThan(60_000)
      expect(follower.failure).toMatchObject({ code: 'UNAVAILABLE' })
      process.kill(kafka.brokers[0]!.pid!, 'SIGCONT')
      await log.close()
      await publisher.close()
      await client.close()
    }, 120_000)
  },
  'cluster',
)
