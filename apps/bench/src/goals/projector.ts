import pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import { advance, covers, mintId, type Positions } from '@funnel/events'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { migrateStore, openEventStore } from '@funnel/event-store'
import { createFolder, createGeneration, dropGeneration, migrateRead, recount } from '@funnel/projections'
import { syntheticLog, testDatabase, testKafka } from '@funnel/testing'
import { compare, type Figure } from '../harness.js'
import { nestTypeorm } from '../peers/nest-typeorm.js'

const BATCH = 2000
/** What the stock consumer gets in a round: at a few hundred a second more would only take longer. */
const STOCK = 1000

/**
 * G1 on the PostgreSQL log: the projector with the full ledger, exactly once, from the store's tail to committed read
 * models, against a stock NestJS Kafka consumer that saves a counter per event with TypeORM. Checked first: the ledger
 * counts what independent SQL counts over the events.
 */
export async function projectorOnPostgres({ events, rounds }: { events: number; rounds: number }): Promise<Figure> {
  const database = await testDatabase()
  await migrateStore(database.url)
  await migrateRead(database.url)
  const store = await openEventStore({ url: database.url })
  const log = [...syntheticLog(events, { seed: 6 })]
  for (let at = 0; at < log.length; at += 1000) await store.append({ events: log.slice(at, at + 1000) })
  const pool = new pg.Pool({ connectionString: database.url, max: 4, options: '-c synchronous_commit=off' })
  await pool.query('analyze store.event')
  const tail = postgresEventTail(pool)
  const head = await headOver(pool)
  const definitions = loadDefinitions()

  const foldAll = async () => {
    const generation = await createGeneration(pool, { definitions, epoch: head.epoch, state: 'building' })
    const folder = createFolder(pool, generation)
    for (let place: Positions = {}; !covers(place, head.positions);) {
      const batch = await tail.read(place, head.positions, BATCH)
      place = advance(place, batch)
      await folder.apply({
        events: batch,
        positions: place,
        w: covers(place, head.positions) ? head.w : batch.at(-1)!.recorded - 1,
      })
    }
    return folder.generation
  }
  const checked = await foldAll()
  const wrong = (await recount(pool, pool, checked, head.w)).filter(
    ({ fromEvents, fromLedger }) => fromEvents !== fromLedger,
  )
  if (wrong.length) throw new Error(`the ledger is wrong: ${JSON.stringify(wrong)}`)
  await dropGeneration(pool, checked.id, checked.schema)

  const { brokers } = await testKafka()
  const peerDatabase = await testDatabase()
  const stock = await nestTypeorm(peerDatabase.url, brokers)
  await stock.handle(stockEvents(100))
  if ((await stock.sum()) !== 100) throw new Error('the stock consumer counts wrong')
  try {
    return await compare({
      goal: 'G1',
      what: `projector with the full ledger from the PostgreSQL log, batches of ${BATCH}`,
      unit: 'events/s',
      rounds,
      target: 50,
      ours: {
        name: 'funnel',
        run: async () => {
          const generation = await foldAll()
          await dropGeneration(pool, generation.id, generation.schema)
          return events
        },
      },
      peers: [
        {
          name: 'stock NestJS Kafka consumer with TypeORM save',
          run: async () => {
            await stock.handle(stockEvents(STOCK))
            return STOCK
          },
        },
      ],
      notes: ['indexes from the start; the drop of the tables afterwards is in our time'],
    })
  } finally {
    await stock.close()
    await pool.end()
    await store.close()
    await database.drop()
    await peerDatabase.drop()
  }
}

const stockEvents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: mintId(),
    type: 'touchpoint.recorded',
    time: new Date().toISOString(),
    data: { channel: `ch-${i % 10}` },
  }))

/** A head that lies after everything recorded so far. */
async function headOver(pool: pg.Pool) {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return advanceHead(pool)
}
