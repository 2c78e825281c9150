import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import type { QueryRunner } from 'typeorm'
import { advance, mintId, positionOf, type Positions, type Recorded } from '@funnel/events'
import { advanceHead, postgresEventTail, type EventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { startPostgres, startScript, testDatabase, type TestDatabase } from '@funnel/testing'
import { captured, eventStoreContract, expectDense, readAll, writersOfOneId } from '../event-store.contract.js'
import type { EventStore } from '../event-store.js'
import { AppendColumns1764000000012 } from '../migrations/1764000000012-append-columns.js'
import { AppendInOrder1764000000013 } from '../migrations/1764000000013-append-in-order.js'
import { migrateStore } from '../migrations/index.js'
import { appendCall } from './append-call.js'
import { APPEND_SETTINGS } from './append-settings.js'
import { openEventStore } from './postgres-event-store.js'
import { createWriteKey, ownerOfKey } from './write-keys.js'

/** A tail whose head is read anew at every look, as a relay that never sleeps would publish it. */
function freshTail(pool: pg.Pool): EventTail {
  const tail = postgresEventTail(pool)
  return {
    read: tail.read.bind(tail),
    heads: async () => {
      await sleep(2) // the watermark lies a millisecond behind the clock
      return advanceHead(pool)
    },
  }
}

describe('the store in PostgreSQL', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 5)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })
  const clear = () =>
    pool.query(`truncate store.event, store.head, store.rejected_event, vault.raw, store.write_key;
                update store.meta set floor = '-infinity'`)

  eventStoreContract(async () => {
    await clear()
    const store = await openEventStore({ url: database.url })
    return {
      store,
      tail: freshTail(pool),
      rejected: async () => {
        const { rows } = await pool.query<{ code: string; body: string }>(
          'select code, body from store.rejected_event r join vault.raw on raw.id = r.raw order by r.id',
        )
        return rows
      },
      close: () => store.close(),
    }
  })

  describe('under load and failure', () => {
    let store: EventStore
    beforeEach(async () => {
      await clear()
      store = await openEventStore({ url: database.url, connections: 16 })
    })
    afterEach(() => store.close())

    it('lets a live reader skip nothing and repeat nothing under 16 writers with rollbacks and resends', async () => {
      const tail = freshTail(pool)
      const seen: Recorded[] = []
      let writing = true
      const reading = (async () => {
        for (let place: Positions = {}; ;) {
          const last = !writing
          const { positions } = await tail.heads()
          for (;;) {
            const next = await tail.read(place, positions, 50)
            if (!next.length) break
            seen.push(...next)
            place = advance(place, next)
          }
          if (last) return
        }
      })()
      let refused = 0
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let i = 0; i < 30; i++) {
          const size = 1 + ((writer + i) % 7)
          const events = Array.from({ length: size }, (_, k) => captured(`${(writer * 31 + i + k) % 40}`))
          // a transaction that takes its locks and is rolled back
          const wrong = { events: [...events, captured('expects')], expected: { 'lead-expects': 7 } }
          if (i % 4 === 0) await store.append(wrong).catch(() => refused++)
          await store.append({ events })
          if (i % 3 === 0) await store.append({ events })
        }
      })
      await Promise.all(writers)
      writing = false
      await reading
      const { rows } = await pool.query<{ n: number }>('select count(*) n from store.event')
      expect(refused).toBe(16 * 8)
      expect(seen).toHaveLength(rows[0]!.n)
      expect(new Set(seen.map(({ event }) => event.id)).size).toBe(seen.length)
      expectDense(seen)
    })

    it('a naive cursor over a sequence loses what overlapping writers wrote; the tail does not', async () => {
      await pool.query('create table naive (id bigserial primary key)')
      const naive = async (after: number) => {
        const { rows } = await pool.query<{ id: number }>('select id from naive where id > $1 order by id', [after])
        return rows.map(({ id }) => id)
      }
      const slow = await pool.connect()
      await slow.query('begin')
      await slow.query('insert into naive default values') // takes 1, commits last
      await pool.query('insert into naive default values')
      const first = await naive(0)
      await slow.query('commit')
      slow.release()
      expect([...first, ...(await naive(first.at(-1)!))]).toEqual([2]) // 1 is lost for ever
      await pool.query('drop table naive')

      const holder = new pg.Client({ connectionString: database.url })
      await holder.connect()
      await holder.query('begin')
      await holder.query(incoming('slow'))
      await store.append({ events: [captured('quick')] })
      const early = advanceHead(pool) // waits for the writer that holds its partition
      await sleep(50)
      await holder.query('commit')
      await holder.end()
      const { positions, w } = await early
      const tail = postgresEventTail(pool)
      const read = await tail.read({}, positions, 10)
      expect(read.every(({ recorded }) => recorded <= w)).toBe(true)
      expect(read.map(({ event }) => event.partitionkey).toSorted()).toEqual(['quick', 'slow'])
    })

    it('stamps nothing at or below a watermark that was announced, though the clock steps back an hour', async () => {
      await store.append({ events: [captured('a')] })
      await pool.query(`update store.meta set floor = clock_timestamp() + interval '1 hour'`) // the clock was ahead then
      const { w } = await advanceHead(pool)
      expect(w).toBeGreaterThan(Date.now() + 3_000_000)
      const [idle] = await store.append({ events: [captured('idle-partition')] })
      const [busy] = await store.append({ events: [captured('a')] })
      expect(idle!.record.recorded).toBeGreaterThan(w)
      expect(busy!.record.recorded).toBeGreaterThan(w)
    })

    it('records nothing before what its partition holds, though the clock steps back an hour', async () => {
      await store.append({ events: [captured('a')] })
      // the clock was ahead then, and no head was read meanwhile
      await pool.query(`update store.event set recorded_at = clock_timestamp() + interval '1 hour'`)
      const [first] = await store.read('lead-a')
      const appended = await store.append({ events: [captured('a'), captured('a')] })
      expect(appended.map(({ record }) => record.recorded)).toEqual([first!.recorded, first!.recorded])
    })

    it('a writer that hangs inside an append holds back its partition and the watermark, and nobody else', async () => {
      const options = APPEND_SETTINGS.replace('transaction_timeout=10s', 'transaction_timeout=1500ms')
      expect(options).not.toBe(APPEND_SETTINGS)
      const hung = new pg.Client({ connectionString: database.url, options })
      hung.on('error', () => undefined)
      await hung.connect()
      await hung.query('begin')
      await hung.query(incoming('hung'))
      const hanging = hung.query('select pg_sleep(3600)').catch((error: { code?: string }) => error.code)
      const head = advanceHead(pool)
      const [other] = await store.append({ events: [captured('free-and-elsewhere')] })
      expect(other!.outcome).toBe('recorded')
      await head // goes on when the server ends the transaction that hangs
      expect(await hanging).toBe('25P04') // transaction_timeout
      expect(await store.read('lead-hung')).toEqual([])
      const [next] = await store.append({ events: [captured('hung')] })
      expect(next!.record.version).toBe(1)
      await hung.end().catch(() => undefined)
      expectDense(await readAll(freshTail(pool)))
    })

    it('an ingest that is frozen inside an append holds up its partition and the watermark for a while, and nobody else', async () => {
      const options = APPEND_SETTINGS.replace('session_timeout=10s', 'session_timeout=2s')
      expect(options).not.toBe(APPEND_SETTINGS)
      const env = { DATABASE_URL: database.url, OPTIONS: options, QUERY: JSON.stringify(incoming('frozen')) }
      const frozen = startScript(APPENDING, env)
      await frozen.said('appended')
      frozen.kill('SIGSTOP')
      const head = advanceHead(pool)
      const waiting = store.append({ events: [captured('frozen')] })
      const [other] = await store.append({ events: [captured('free-and-elsewhere')] })
      expect(other!.outcome).toBe('recorded')
      const [next] = await waiting
      expect(next!.record.version).toBe(1)
      await head
      expect((await advanceHead(pool)).w).toBeGreaterThanOrEqual(next!.record.recorded)
      frozen.kill('SIGCONT')
      await frozen.said('25P03') // idle_in_transaction_session_timeout: it cannot commit any more
      await frozen.end()
      expect((await store.read('lead-frozen')).map(({ event }) => event.id)).toEqual([next!.record.event.id])
      expectDense(await readAll(freshTail(pool)))
    })

    it('would record an id twice without the unique index, and the contract would find it', async () => {
      const own = await testDatabase()
      await migrateStore(own.url)
      const admin = createPool(own.url, 'test', 1)
      await admin.query('alter table store.event drop constraint event_id')
      const unguarded = await openEventStore({ url: own.url })
      // the check alone lets the second one in where both look before either has committed
      let recorded = 1
      for (let tries = 0; tries < 50 && recorded === 1; tries++) recorded = await writersOfOneId(unguarded)
      expect(recorded).toBeGreaterThan(1)
      await unguarded.close()
      await admin.end()
      await own.drop()
    })

    it('refuses to look for what the database cannot hold, and holds back nothing else that is read with it', async () => {
      const store = await openEventStore({ url: database.url })
      const event = captured('a')
      const [{ record } = { record: undefined }] = await store.append({ events: [event] })
      const [refused, ...others] = await Promise.allSettled([
        store.find('no id'),
        store.read('lead-\0'),
        store.find(event.id),
        store.read('lead-a'),
      ])
      expect([refused, others[0]]).toEqual(
        [1, 2].map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'INVALID' }) })),
      )
      expect(others.slice(1)).toEqual([record, [record]].map((value) => ({ status: 'fulfilled', value })))
      await store.close()
    })

    it('answers UNAVAILABLE when the database is gone, and goes on when it is back', async () => {
      const own = await startPostgres()
      await migrateStore(own.url)
      const gone = await openEventStore({ url: own.url })
      await gone.append({ events: [captured('a')] })
      await own.kill()
      await expect(gone.append({ events: [captured('a')] })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await own.start()
      await gone.append({ events: [captured('a')] })
      expect(await gone.read('lead-a')).toHaveLength(2)
      await gone.close()
      await own.remove()
    })
  })

  it('writes the events of a call in the total order, whatever order they came in', async () => {
    await clear()
    const store = await openEventStore({ url: database.url })
    const leads = Array.from({ length: 40 }, (_, at) => captured(`o${at % 20}`))
    await store.append({ events: leads })
    const placed = async (order: string) =>
      (
        await pool.query<{ partition: number; position: number }>(
          `select partition, position from store.event order by ${order}`,
        )
      ).rows
    const written = await placed('ctid')
    expect(new Set(written.map(({ partition }) => partition)).size).toBeGreaterThan(5)
    expect(written).toEqual(await placed('recorded_at, topic, partition, position'))
    await store.close()
  })

  it('takes events as before once its newest migrations were undone and done again', async () => {
    const own = await testDatabase()
    await migrateStore(own.url)
    const admin = createPool(own.url, 'test', 1)
    const runner = { query: (sql: string) => admin.query(sql) } as unknown as QueryRunner
    const newest = [new AppendColumns1764000000012(), new AppendInOrder1764000000013()]
    for (const migration of newest.toReversed()) await migration.down(runner)
    const { rows } = await admin.query<{ arguments: number }>(
      `select pronargs as arguments from pg_proc where oid = 'store.append'::regproc`,
    )
    expect(rows).toEqual([{ arguments: 3 }])
    for (const migration of newest) await migration.up(runner)
    const store = await openEventStore({ url: own.url })
    const event = captured('a')
    expect(await store.append({ events: [event, captured('a')] })).toMatchObject([
      { outcome: 'recorded', record: { version: 1 } },
      { outcome: 'recorded', record: { version: 2 } },
    ])
    expect(await store.append({ events: [captured('a'), event, captured('a')] })).toMatchObject([
      { outcome: 'recorded', record: { version: 3, position: 3 } },
      { outcome: 'duplicate', record: { version: 1, position: 1 } },
      { outcome: 'recorded', record: { version: 4, position: 4 } },
    ])
    await store.close()
    await admin.end()
    await own.drop()
  })

  it('refuses a database that may lose acknowledged events, naming the settings', async () => {
    const off = ['fsync', 'full_page_writes', 'synchronous_commit']
    const unsafe = await startPostgres({ settings: off.map((name) => `${name}=off`) })
    await migrateStore(unsafe.url)
    await expect(openEventStore({ url: unsafe.url })).rejects.toMatchObject({
      code: 'UNSAFE_DATABASE',
      details: { off },
    })
    await unsafe.remove()
  })

  it('loses no acknowledged event in a crash though the server was set to synchronous_commit=off meanwhile; who takes that as it is does', async () => {
    // nothing writes the log ahead of time
    const server = await startPostgres({ settings: ['wal_writer_delay=10s'] })
    await migrateStore(server.url)
    const lostBy = async (append: (id: string) => Promise<unknown>, kept: string): Promise<number> => {
      const acknowledged: string[] = []
      for (let n = 0; n < 50; n++) {
        const id = mintId()
        await append(id)
        acknowledged.push(id)
      }
      await server.kill()
      await server.start()
      const own = createPool(server.url, 'test')
      const { rowCount } = await own.query(kept, [acknowledged])
      await own.end()
      return acknowledged.length - rowCount!
    }
    const store = await openEventStore({ url: server.url })
    const admin = createPool(server.url, 'test', 1)
    await admin.query('alter system set synchronous_commit = off')
    await admin.query('select pg_reload_conf()')
    await admin.end()
    const append = (id: string) => store.append({ events: [captured('durable', { id })] })
    expect(await lostBy(append, 'select from store.event where id = any($1)')).toBe(0)
    await store.close()
    // the planted bug: a connection that leaves the server's setting as it is
    const naive = new pg.Client({ connectionString: server.url })
    naive.on('error', () => undefined)
    await naive.connect()
    await naive.query('begin; set local synchronous_commit = on; create table naive (id uuid); commit')
    const insert = (id: string) => naive.query('insert into naive values ($1)', [id])
    expect(await lostBy(insert, 'select from naive where id = any($1)')).toBeGreaterThan(0)
    await server.remove()
  })

  it('says what to do when there is no store yet', async () => {
    const empty = await testDatabase()
    await expect(openEventStore({ url: empty.url })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('migrations'),
    })
    await empty.drop()
  })

  it('reads a history on from any place', async () => {
    await clear()
    const store = await openEventStore({ url: database.url })
    for (let i = 0; i < 20; i++)
      await store.append({ events: Array.from({ length: 500 }, (_, k) => captured(`${i}-${k}`)) })
    await pool.query('analyze store.event')
    const tail = freshTail(pool)
    const all = await readAll(tail, 5000)
    expect(all).toHaveLength(10_000)
    const { positions } = await tail.heads()
    const place = advance({}, all.slice(0, 9_900))
    expect(await tail.read(place, positions, 50)).toEqual(all.slice(9_900, 9_950))
    expect(positionOf(place, 'leads', 0)).toBeGreaterThan(0)
    await store.close()
  })

  it('keeps write keys as hashes only', async () => {
    const key = await createWriteKey(pool, 'website')
    expect(await ownerOfKey(pool, key)).toEqual({ source: 'website', commands: false })
    const secret = await createWriteKey(pool, 'crm', true)
    expect(await ownerOfKey(pool, secret)).toEqual({ source: 'crm', commands: true })
    expect(await ownerOfKey(pool, `${key}x`)).toBeUndefined()
    const { rows } = await pool.query<{ hash: Buffer }>('select hash from store.write_key')
    expect(rows.some(({ hash }) => hash.toString('latin1').includes(key))).toBe(false)
    await pool.query('update store.write_key set revoked_at = now()')
    expect(await ownerOfKey(pool, key)).toBeUndefined()
  })

  it.each([
    ['', '1 to 200 characters'],
    ['x'.repeat(201), '1 to 200 characters'],
    ['web\nsite', 'control'],
    ['web\ud800site', 'surrogate'],
    ['ann@example.com', 'e-mail address'],
    ['Ann <ann@example.com>', 'e-mail address'],
    ['admin', 'platform'],
    ['/funnel/sla-monitor', 'platform'],
    ['/definitions', 'platform'],
  ])(
    'makes no write key for %j, which no event may have for its source, or is the platform itself',
    async (source, why) => {
      await expect(createWriteKey(pool, source)).rejects.toMatchObject({
        code: 'INVALID',
        message: expect.stringContaining(why),
        details: { field: 'source' },
      })
      expect((await pool.query('select from store.write_key where source = $1', [source.toWellFormed()])).rows).toEqual(
        [],
      )
    },
  )

  it('knows no revoked write key, also where the clock was set back since', async () => {
    const key = await createWriteKey(pool, 'website')
    await pool.query(`update store.write_key set revoked_at = now() + interval '6 hours'`)
    expect(await ownerOfKey(pool, key)).toBeUndefined()
  })
})

/**
 * Appends in a transaction which it does not end: prints `appended`, and when its connection ends the code of the error.
 */
const APPENDING = `
  import pg from 'pg'
  const { DATABASE_URL: connectionString, OPTIONS: options, QUERY } = process.env
  const client = new pg.Client({ connectionString, options })
  client.on('error', ({ code }) => console.log(code))
  await client.connect()
  await client.query('begin')
  await client.query(JSON.parse(QUERY))
  console.log('appended')`

/** The query with which the adapter calls the SQL function. */
function incoming(lead: string): pg.QueryConfig<string[]> {
  const { text, values } = appendCall(Buffer.alloc(32), [{ events: [captured(lead)] }])
  return { text, values: [...values] }
}
