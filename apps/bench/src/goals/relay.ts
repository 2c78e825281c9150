import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { mintId, topicNames } from '@funnel/events'
import { kafkaClient, naming } from '@funnel/event-log'
import { kafkaTool } from '@funnel/platform'
import { testKafka } from '@funnel/testing'
import { compare, stopwatch, type Figure, type Settings } from '../harness.js'
import { startService } from '../services.js'
import { createWorld, type World } from '../world.js'

const run = promisify(execFile)
const PARTITIONS = 16
const PRODUCER = 'acks=all linger.ms=5 batch.size=131072 compression.type=zstd'

/**
 * G8: the relay's own process from the table to acknowledged topics, against Kafka's own ProducerPerformance with records
 * of the same size, all replicas, 5 ms linger and zstd. The relay publishes the history first; then it is held (SIGSTOP)
 * while a round's events are recorded.
 */
export async function relayToKafka({ history, events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  const { brokers } = await testKafka()
  const prefix = `bench-${mintId()}.`
  const names = naming(prefix).nameOf
  const client = kafkaClient({ brokers, clientId: 'bench' })
  const relay = await startService('relay', {
    DATABASE_URL: world.url,
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TOPIC_PREFIX: prefix,
  })
  const recordsIn = async (topics: readonly string[]) => {
    const ends = await Promise.all(topics.map((topic) => client.endsOf(topic)))
    return ends.flat().reduce((sum, { low, high }) => sum + high - low, 0)
  }
  const published = () => recordsIn(topicNames.map(names))
  const perf = `${prefix}perf`
  await client.createTopics([{ topic: perf, partitions: PARTITIONS, config: { 'compression.type': 'zstd' } }], 1)
  const bytes = await bytesOfRecord(world)
  const [java, ...args] = await kafkaTool('org.apache.kafka.tools.ProducerPerformance')
  let recorded = history.events
  while ((await published()) < recorded) await sleep(50)
  try {
    const figure = await compare({
      what: `relay from the table to acknowledged topics, ${events.toLocaleString('en')} events of ${bytes} bytes a round`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel relay',
        run: async () => {
          relay.process.kill('SIGSTOP')
          await world.grow(events)
          recorded += events
          const stop = stopwatch(relay.process.pid)
          relay.process.kill('SIGCONT')
          while ((await published()) < recorded) await sleep(20)
          return stop(events)
        },
      },
      peers: [
        {
          name: 'ProducerPerformance',
          run: async () => {
            const { stdout } = await run(java, [
              ...args,
              ...`--topic ${perf} --num-records ${events} --record-size ${bytes} --throughput -1`.split(' '),
              ...`--producer-props bootstrap.servers=${brokers.join(',')} ${PRODUCER}`.split(' '),
            ])
            const rate = Number(/([\d.]+) records\/sec(?![\s\S]*records\/sec)/.exec(stdout)![1])
            return { units: events, ms: (events * 1000) / rate, cpu: undefined }
          },
        },
      ],
      notes: [
        'ours: acks all, zstd, requests of up to 4,000 events; read from the table with the head',
        `ProducerPerformance: ${PRODUCER}; its own rate, without the start of its JVM; random payload`,
        'one broker, topics of one replica: nothing is flushed to disk before it is acknowledged',
      ],
    })
    const [ours, theirs] = [await published(), await recordsIn([perf])]
    if (ours !== recorded) throw new Error(`the topics hold ${ours} records, and ${recorded} were recorded`)
    if (theirs !== events * (rounds + 1)) throw new Error(`ProducerPerformance left ${theirs} records`)
    return figure
  } finally {
    await relay.stop()
    await client.deleteTopics([perf, ...topicNames.map(names)])
    await client.close()
    await world.close()
  }
}

async function bytesOfRecord({ pool }: World): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select round(avg(length(envelope::text)))::int n from (select envelope from store.event limit 10000) e',
  )
  return rows[0]!.n
}
