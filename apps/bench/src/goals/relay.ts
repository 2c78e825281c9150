import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { mintId, topicNames } from '@funnel/events'
import { kafkaClient, naming } from '@funnel/event-log'
import { kafkaTool } from '@funnel/platform'
import { testKafka } from '@funnel/testing'
import { compare, type Figure, type Settings } from '../harness.js'
import { startService } from '../services.js'
import { createWorld, type World } from '../world.js'

const run = promisify(execFile)
const PARTITIONS = 16
const PRODUCER = 'acks=all linger.ms=5 batch.size=131072 compression.type=zstd'

/**
 * G8: the relay's own process from the table to acknowledged topics, against Kafka's own ProducerPerformance with records
 * of the same size, all replicas, 5 ms linger and zstd. The relay is held (SIGSTOP) while a round's events are recorded.
 */
export async function relayToKafka({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const { brokers } = await testKafka()
  const prefix = `bench-${mintId()}.`
  const names = naming(prefix).nameOf
  const client = kafkaClient({ brokers, clientId: 'bench' })
  const relay = await startService('relay', {
    DATABASE_URL: world.url,
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TOPIC_PREFIX: prefix,
  })
  const published = async () => {
    const ends = await Promise.all(topicNames.map((topic) => client.endsOf(names(topic))))
    return ends.flat().reduce((sum, { low, high }) => sum + high - low, 0)
  }
  const perf = `${prefix}perf`
  await client.createTopics([{ topic: perf, partitions: PARTITIONS, config: { 'compression.type': 'zstd' } }], 1)
  await world.grow(1000)
  const bytes = await bytesOfRecord(world)
  const [java, ...args] = await kafkaTool('org.apache.kafka.tools.ProducerPerformance')
  let goal = 1000
  while ((await published()) < goal) await sleep(50)
  try {
    const figure = await compare({
      goal: 'G8',
      what: `relay from the table to acknowledged topics, ${events.toLocaleString('en')} events of ${bytes} bytes`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel relay',
        run: async () => {
          relay.process.kill('SIGSTOP')
          await world.grow(events)
          goal += events
          const start = performance.now()
          relay.process.kill('SIGCONT')
          while ((await published()) < goal) await sleep(20)
          return { units: events, ms: performance.now() - start }
        },
      },
      peers: [
        {
          name: 'ProducerPerformance',
          target: 0.4,
          run: async () => {
            const { stdout } = await run(java, [
              ...args,
              ...`--topic ${perf} --num-records ${events} --record-size ${bytes} --throughput -1`.split(' '),
              ...`--producer-props bootstrap.servers=${brokers.join(',')} ${PRODUCER}`.split(' '),
            ])
            const rate = Number(/([\d.]+) records\/sec(?![\s\S]*records\/sec)/.exec(stdout)![1])
            return { units: events, ms: (events * 1000) / rate }
          },
        },
      ],
      notes: [`ProducerPerformance: ${PRODUCER}; its own rate, without the start of its JVM; random payload`],
    })
    if ((await published()) !== goal) throw new Error('the topics hold more or less than was recorded')
    return figure
  } finally {
    await relay.stop()
    await client.deleteTopics([perf, ...topicNames.map(names)])
    await client.close()
    await world.close()
  }
}

async function bytesOfRecord({ pool }: World): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select round(avg(length(envelope::text)))::int n from store.event')
  return rows[0]!.n
}
