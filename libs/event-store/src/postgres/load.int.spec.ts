import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { advance, type Positions, type Recorded } from '@funnel/events'
import { postgresEventTail, startHeadReader } from '@funnel/event-log'
import { createLogger } from '@funnel/platform'
import { captured, expectDense } from '../event-store.contract.js'
import type { EventStore } from '../event-store.js'
import { groupCommit } from '../group-commit.js'
import { storeDatabase, type StoreDatabase } from '../testing/store-database.js'
import { appendCall } from './append-call.js'

/** Follows the log as a consumer does, until the watermark has passed all that was recorded by the time of `done`. */
async function follow(pool: pg.Pool, done: () => boolean): Promise<Recorded[]> {
  const tail = postgresEventTail(pool)
  const seen: Recorded[] = []
  let place: Positions = {}
  let passed = -1
  for (let end = Infinity; passed < end; await sleep(5)) {
    if (done() && end === Infinity) {
      const { rows } = await pool.query<{ end: Date }>('select max(recorded_at) as end from store.event')
      end = rows[0]!.end.getTime()
    }
    const { positions, w } = await tail.heads()
    for (let full = true; full;) {
      const next = await tail.read(place, positions, 20)
      for (const { recorded } of next) {
        // what is read is known up to W, and nothing comes at or below a watermark that was passed before
        expect(recorded).toBeLessThanOrEqual(w)
        expect(recorded).toBeGreaterThan(passed)
      }
      seen.push(...next)
      place = advance(place, next)
      full = next.length === 20
    }
    passed = w
  }
  return seen
}

describe('the store under 16 writers, with rollbacks, slow transactions and resends', () => {
  let database: StoreDatabase
  let pool: pg.Pool
  let store: EventStore
  beforeAll(async () => {
    database = await storeDatabase(20)
    ;({ pool, store } = database)
  })
  afterAll(() => database.drop())

  it('shows a live reader everything once and in order, where a cursor over a sequence loses events', async () => {
    // the naive way, fed by the very same transactions: a number from a sequence, a reader that remembers the last one
    await pool.query('alter table store.event add column seq bigserial')
    const { rows: meta } = await pool.query<{ hash_key: Buffer }>('select hash_key from store.meta')
    const heads = startHeadReader({ url: database.url, logger: createLogger('test', 'silent') })
    while (!heads.head) await sleep(10)
    let writing = true
    const real = follow(pool, () => !writing)
    let cursor = 0
    const naive = (async () => {
      let count = 0
      for (let last = false; !last; await sleep(2)) {
        last = !writing
        const { rows } = await pool.query<{ seq: number }>('select seq from store.event where seq > $1 order by seq', [
          cursor,
        ])
        count += rows.length
        cursor = rows.at(-1)?.seq ?? cursor
      }
      return count
    })()

    /** A transaction that holds what it wrote for a while, then commits or gives up. */
    const slowly = async (leads: readonly string[], commit: boolean) => {
      const client = await pool.connect()
      const { text, values } = appendCall(meta[0]!.hash_key, [{ events: leads.map((lead) => captured(lead)) }])
      await client.query('begin')
      await client.query(text, [...values])
      await sleep(10)
      await client.query(commit ? 'commit' : 'rollback')
      client.release()
      return commit ? leads.length : 0
    }
    const group = groupCommit(store)
    const written = await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => {
        let count = 0
        for (let i = 0; i < 25; i++) {
          const leads = Array.from({ length: 1 + ((writer + i) % 4) }, (_, k) => `${(writer * 7 + i * 3 + k * 5) % 40}`)
          if (writer % 4 === 0) count += await slowly(leads, i % 3 !== 0)
          else {
            const events = leads.map((lead) => captured(lead))
            await group.append(events)
            if (i % 5 === 0) await group.append(events)
            count += events.length
          }
        }
        return count
      }),
    )
    // luck may keep the load from it: a number that commits after the reader has gone past it
    const late = await pool.connect()
    const { text, values } = appendCall(meta[0]!.hash_key, [{ events: [captured('0')] }])
    await late.query('begin')
    await late.query(text, [...values])
    await group.append([captured('1')])
    const { rows: past } = await pool.query<{ seq: number }>('select max(seq) as seq from store.event')
    while (cursor < past[0]!.seq) await sleep(2)
    await late.query('commit')
    late.release()
    writing = false
    const [seen, naivelySeen] = await Promise.all([real, naive])
    await heads.close()
    await pool.query('alter table store.event drop column seq')

    const total = written.reduce((sum, count) => sum + count, 2)
    expect(seen.length).toBe(total)
    expect(new Set(seen.map(({ event }) => event.id)).size).toBe(total)
    expectDense(seen)
    expect(new Set(seen.map(({ partition }) => partition)).size).toBeGreaterThan(10)
    expect(naivelySeen).toBeLessThan(total)
  })
})
