import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import {
  advance,
  positionOf,
  topics,
  topicNames,
  totalOrder,
  type Positions,
  type Recorded,
  type Topic,
} from '@funnel/events'
import { advanceHead, postgresEventTail, type EventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { syntheticLog, testDatabase, type TestDatabase } from '@funnel/testing'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from './postgres-event-store.js'

const EVENTS = 12_000
/** Events of one append, which share their recorded time. */
const TOGETHER = 500

describe('the tail of the store in PostgreSQL', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let all: readonly Recorded[]
  let head: Positions
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 2)
    const store = await openEventStore({ url: database.url })
    const events = [...syntheticLog(EVENTS, { seed: 3 })]
    for (let at = 0; at < EVENTS; at += TOGETHER) await store.append({ events: events.slice(at, at + TOGETHER) })
    await store.close()
    head = (await advanceHead(pool)).positions
    all = await postgresEventTail(pool).read({}, head, EVENTS + 1)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  /** What one read gives, and how many rows of the event table the server touched for it. */
  async function measured(use: (tail: EventTail) => Promise<readonly Recorded[]>) {
    const client = await pool.connect()
    const touched = async () => {
      const { rows } = await client.query<{ n: number }>(
        `select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as n
         from pg_stat_xact_user_tables where relid = 'store.event'::regclass`,
      )
      return rows[0]!.n
    }
    try {
      await client.query('begin')
      const before = await touched()
      const records = await use(postgresEventTail(client))
      return { records, touched: (await touched()) - before }
    } finally {
      await client.query('rollback')
      client.release()
    }
  }

  it('gives everything, once, in the total order', () => {
    expect(all).toHaveLength(EVENTS)
    expect(all).toEqual(all.toSorted(totalOrder))
    expect(new Set(all.map(({ event }) => event.id)).size).toBe(EVENTS)
  })

  it('gives the first of what is pending, from any place to any place, in steps of any size', async () => {
    const tail = postgresEventTail(pool)
    const places = fc.record(
      Object.fromEntries(
        (['touchpoints', 'leads', 'deals'] as const).map((topic) => [
          topic,
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }),
        ]),
      ),
      { requiredKeys: [] },
    )
    const placed = (shares: Partial<Record<string, number[]>>): Positions =>
      Object.fromEntries(
        Object.entries(shares).map(([topic, row]) => [
          topic,
          row!.map((share, partition) => Math.round(share * positionOf(head, topic as Topic, partition))),
        ]),
      )
    await fc.assert(
      fc.asyncProperty(places, places, fc.integer({ min: 1, max: 3000 }), async (from, to, limit) => {
        const [after, upTo] = [placed(from), placed(to)]
        const wanted = all.filter(
          ({ topic, partition, position }) =>
            position > positionOf(after, topic, partition) && position <= positionOf(upTo, topic, partition),
        )
        expect(await tail.read(after, upTo, limit)).toEqual(wanted.slice(0, limit))
      }),
      { numRuns: 40 },
    )
  })

  it('touches about what it returns when it catches up over many partitions', async () => {
    const ends = 2 * topicNames.reduce((sum, topic) => sum + topics[topic].partitions, 0)
    for (const analysed of [false, true]) {
      if (analysed) await pool.query('analyze store.event')
      for (const share of [0, 0.3, 0.6]) {
        const place = advance({}, all.slice(0, EVENTS * share))
        const { records, touched } = await measured((tail) => tail.read(place, head, 1000))
        expect(records).toHaveLength(1000)
        // one row each, the two ends of every partition, and what shares the first instant
        expect(touched).toBeLessThan(1000 + ends + TOGETHER)
      }
    }
  })

  it('touches nothing of other partitions when little is pending, however much they have recorded since', async () => {
    const partition = head.deals!.findIndex((position) => position > 2)
    const upTo = { deals: head.deals!.map((position, i) => (i === partition ? position : 0)) }
    const { records, touched } = await measured((tail) => tail.read({}, upTo, 1000))
    expect(records).toHaveLength(upTo.deals[partition]!)
    expect(touched).toBe(records.length)
  })

  it('asks nothing of the database when nothing is pending', async () => {
    const { records, touched } = await measured((tail) => tail.read(head, head, 1000))
    expect([records.length, touched]).toEqual([0, 0])
  })
})
