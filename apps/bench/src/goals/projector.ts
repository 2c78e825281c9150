import { advance, mintId, topicNames, type Positions } from '@funnel/events'
import {
  ensureTopics,
  kafkaClient,
  KafkaEventLog,
  KafkaPublisher,
  naming,
  PostgresEventLog,
  type KafkaClient,
} from '@funnel/event-log'
import { testDatabase, testKafka } from '@funnel/testing'
import { compare, type Figure, type Settings } from '../harness.js'
import { nestTypeorm } from '../peers/nest-typeorm.js'
import { assertRight, createWorld, discard, project, type World } from '../world.js'

/** What the stock consumer gets in a round: at a few hundred a second more would only take longer. */
const STOCK = 1000
const STOCK_NOTE =
  'stock: @EventPattern per message, one transaction with an id table and a counter by TypeORM save, 4 partitions, defaults'

/**
 * G1 on the PostgreSQL log: the projector with the full ledger, exactly once, from the store's tail to committed read
 * models, against a stock NestJS Kafka consumer that saves a counter per event with TypeORM.
 */
export async function projectorOnPostgres({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const head = await world.grow(events)
  const log = new PostgresEventLog(world.pool, world.tail)
  const run = async (check?: boolean) => {
    const generation = await project(world, log, 'bench', head)
    if (check) await assertRight(world, generation, head)
    return generation
  }
  await discard(world, await run(true))
  const stock = await stockConsumer()
  try {
    return await compare({
      goal: 'G1',
      what: `projector with the full ledger from the PostgreSQL log, ${events.toLocaleString('en')} events`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async () => {
          await discard(world, await run())
          return events
        },
      },
      peers: [stock.peer(50)],
      notes: [STOCK_NOTE, 'ours: all indexes from the start, and the tables dropped, within the time'],
    })
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
export async function projectorOnKafka({ events, rounds }: Settings): Promise<Figure> {
  const world = await createWorld()
  const head = await world.grow(events)
  const { brokers } = await testKafka()
  const client = kafkaClient({ brokers, clientId: 'bench' })
  const topicPrefix = `bench-${mintId()}.`
  const names = naming(topicPrefix)
  await ensureTopics(client, topicNames, names)
  await publishAll(world, new KafkaPublisher(client, head.epoch, names))
  const log = () =>
    new KafkaEventLog(world.tail, {
      brokers,
      topicPrefix,
      storeLag: Number.POSITIVE_INFINITY, // else so old a log would come from the store
      pool: world.pool,
    })
  const run = async (group: string, check?: boolean) => {
    const opened = log()
    const generation = await project(world, opened, group, head)
    await opened.close()
    if (check) await assertRight(world, generation, head)
    await discard(world, generation)
  }
  await run('checked', true)
  const stock = await stockConsumer()
  try {
    return await compare({
      goal: 'G1+G2',
      what: `projector with the full ledger through Kafka, ${events.toLocaleString('en')} events`,
      unit: 'events/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async (round) => {
          await run(`round-${round}`)
          return events
        },
      },
      peers: [
        stock.peer(30),
        {
          name: 'the same Kafka client, fetching and parsing',
          target: 0.15,
          run: async (round) => {
            await fetchAndParse(client, topicNames.map(names.nameOf), `bare-${topicPrefix}${round}`, events)
            return events
          },
        },
      ],
      notes: [STOCK_NOTE, 'ours and the bare client: a new consumer group each round, joining within the time'],
    })
  } finally {
    await stock.close()
    await client.deleteTopics(topicNames.map(names.nameOf))
    await client.close()
    await world.close()
  }
}

async function publishAll({ tail }: World, publisher: KafkaPublisher): Promise<void> {
  const { positions } = await tail.heads()
  let place: Positions = {}
  for (;;) {
    const page = await tail.read(place, positions, 4000)
    if (!page.length) break
    await publisher.publish(page)
    place = advance(place, page)
  }
  await publisher.close()
}

async function fetchAndParse(
  client: KafkaClient,
  topics: readonly string[],
  group: string,
  count: number,
): Promise<void> {
  const done = Promise.withResolvers<void>()
  let seen = 0
  const consumer = await client.consumer(group, topics, {
    assigned: () => undefined,
    records: async (_, __, records) => {
      for (const { value } of records) JSON.parse(String(value))
      seen += records.length
      if (seen >= count) done.resolve()
    },
    tick: () => undefined,
    failed: (error) => done.reject(error),
  })
  await done.promise
  await consumer.close()
}

/** The stock consumer as a peer; checked to count right. */
async function stockConsumer() {
  const database = await testDatabase()
  const { brokers } = await testKafka()
  const stock = await nestTypeorm(database.url, brokers)
  await stock.handle(stockEvents(100))
  if ((await stock.sum()) !== 100) throw new Error('the stock consumer counts wrong')
  return {
    peer: (target: number) => ({
      name: 'stock NestJS Kafka consumer with TypeORM save',
      target,
      run: async () => {
        await stock.handle(stockEvents(STOCK))
        return STOCK
      },
    }),
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
