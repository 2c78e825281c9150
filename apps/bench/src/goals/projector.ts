import { advance, mintId, topicNames, type Positions } from '@funnel/events'
import {
  ensureTopics,
  kafkaClient,
  KafkaEventLog,
  KafkaPublisher,
  naming,
  PostgresEventLog,
  type EventLog,
  type KafkaClient,
} from '@funnel/event-log'
import { testDatabase, testKafka } from '@funnel/testing'
import { compare, stopwatch, type Contestant, type Done, type Figure, type Settings } from '../harness.js'
import type { History } from '../history.js'
import { nestTypeorm } from '../peers/nest-typeorm.js'
import { assertRight } from '../right.js'
import { createWorld, discard, emptyModels, project, wholeLog, type World } from '../world.js'

/**
 * Events that the stock consumer gets in a round, at a few hundred a second. With a tenth of these it was slower by as much:
 * not warm yet, and waiting for its first fetch for a larger part of the time.
 */
const stockRound = ({ events }: History) => Math.min(events, 10_000)
const notes = (history: History) => [
  'ours: the projector’s own loop in this process, batches of up to 5,000, all indexes from the start, rolls sealed beside; synchronous_commit off, as in the product: what a crash loses is folded again; all in this process with few collections of what is young, as the product’s projector',
  `stock: @EventPattern per message, one transaction with an id table and a counter by TypeORM save, 4 partitions, ${stockRound(history).toLocaleString('en')} events a round, publishing them within the time; synchronous_commit on (its offset is committed elsewhere), acks all`,
]

/**
 * G1 on the PostgreSQL log: the projector with the full ledger, exactly once, from the store's tail to committed read
 * models, against a stock NestJS Kafka consumer that saves a counter per event with TypeORM.
 */
export async function projectorOnPostgres({ history, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  await discard(world, world.live)
  const log = new PostgresEventLog(world.pool, world.tail)
  const stock = await stockConsumer(stockRound(history))
  try {
    const figure = await compare({
      what: 'projector with the full ledger from the PostgreSQL log, the whole of it',
      unit: 'events/s',
      ...wholeLog(history, rounds),
      ours: { name: 'funnel', run: () => foldWhole(world, history.events, log, 'bench') },
      peers: [stock.contestant],
      notes: notes(history),
    })
    await stock.check()
    return figure
  } finally {
    await stock.close()
    await log.close()
    await world.close()
  }
}

/**
 * G1 and G2 through Kafka: the same, from the topics, against the stock consumer and against our own Kafka client that
 * only fetches and parses what the projector folds.
 */
export async function projectorOnKafka({ history, rounds }: Settings): Promise<Figure> {
  const world = await createWorld(history)
  await discard(world, world.live)
  const { brokers } = await testKafka()
  const client = kafkaClient({ brokers, clientId: 'bench' })
  const topicPrefix = `bench-${mintId()}.`
  const names = naming(topicPrefix)
  await ensureTopics(client, topicNames, names)
  await publishAll(world, new KafkaPublisher(client, world.head.epoch, names))
  const stock = await stockConsumer(stockRound(history))
  try {
    const figure = await compare({
      what: 'projector with the full ledger through Kafka, the whole log',
      unit: 'events/s',
      ...wholeLog(history, rounds),
      ours: {
        name: 'funnel',
        run: async (round) => {
          const log = new KafkaEventLog(world.tail, {
            brokers,
            topicPrefix,
            storeLag: Number.POSITIVE_INFINITY, // else so old a log would come from the store
            pool: world.pool,
          })
          try {
            return await foldWhole(world, history.events, log, `round-${round}`)
          } finally {
            await log.close()
          }
        },
      },
      peers: [
        stock.contestant,
        {
          name: 'the same Kafka client, fetching and parsing',
          run: (round) =>
            fetchAndParse(client, topicNames.map(names.nameOf), `bare-${topicPrefix}${round}`, history.events),
        },
      ],
      notes: [
        ...notes(history),
        'ours and the bare client: zstd, a new consumer group each round, joining within the time; one broker, topics of one replica',
      ],
    })
    await stock.check()
    return figure
  } finally {
    await stock.close()
    await client.deleteTopics(topicNames.map(names.nameOf))
    await client.close()
    await world.close()
  }
}

/** Folds the history into new read models, whose tables are there as the peers' are, and after the time is taken checks and removes them. */
async function foldWhole(world: World, events: number, log: EventLog, group: string): Promise<Done> {
  const empty = await emptyModels(world)
  const stop = stopwatch()
  const generation = await project(world, log, group, empty)
  const done = stop(events)
  await assertRight(world.pool, generation, world.head.w)
  await discard(world, generation)
  return done
}

async function publishAll({ tail, head }: World, publisher: KafkaPublisher): Promise<void> {
  let place: Positions = {}
  for (;;) {
    const page = await tail.read(place, head.positions, 4000)
    if (!page.length) break
    await publisher.publish(page)
    place = advance(place, page)
  }
  await publisher.close()
}

/** Throws when the topics hold more than `count` records. */
async function fetchAndParse(
  client: KafkaClient,
  topics: readonly string[],
  group: string,
  count: number,
): Promise<Done> {
  const all = Promise.withResolvers<void>()
  let seen = 0
  const stop = stopwatch()
  const consumer = await client.consumer(group, topics, {
    assigned: () => undefined,
    records: async (_, __, records) => {
      for (const { value } of records) JSON.parse(String(value))
      seen += records.length
      if (seen >= count) all.resolve()
    },
    tick: () => undefined,
    failed: (error) => all.reject(error),
  })
  await all.promise
  await consumer.close()
  const done = stop(count)
  if (seen !== count) throw new Error(`the topics hold ${seen} records instead of ${count}`)
  return done
}

/** The stock consumer of so many events a round as a contestant; `check` throws unless it has counted every event once. */
async function stockConsumer(count: number) {
  const database = await testDatabase()
  const { brokers } = await testKafka()
  const stock = await nestTypeorm(database.url, brokers)
  let handled = 0
  const contestant: Contestant = {
    name: 'stock NestJS Kafka consumer with TypeORM save',
    run: async () => {
      const events = stockEvents(count)
      const stop = stopwatch()
      await stock.handle(events)
      handled += count
      return stop(count)
    },
  }
  return {
    contestant,
    async check() {
      const counted = await stock.sum()
      if (counted !== handled) throw new Error(`the stock consumer counts ${counted} of ${handled} events`)
    },
    async close() {
      await stock.close()
      await database.drop()
    },
  }
}

const stockEvents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: mintId(),
    type: 'touchpoint.recorded',
    time: new Date().toISOString(),
    data: { channel: `ch-${i % 10}` },
  }))
