import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { decode, kafkaClient, naming, postgresEventTail } from '@funnel/event-log'
import { topicById, topicNames } from '@funnel/events'
import { liveGeneration, verify } from '@funnel/projections'
import { describeKafka, testKafka } from '@funnel/testing'
import { startPlatform, type Platform, type PlatformOptions } from './platform.js'

/** Session locks of those of whom one is active: the head reader, the relay, the projector. */
const HEAD = 7002
const RELAY = 7003
const PROJECTOR = 7006

describe('A process that is frozen and goes on later', () => {
  let platform: Platform
  let pool: pg.Pool
  const start = async (options?: PlatformOptions) => {
    platform = await startPlatform(options)
    pool = new pg.Pool({ connectionString: platform.databaseUrl, max: 4 })
  }
  afterEach(async () => {
    await pool?.end()
    await platform?.stop()
  })

  const service = (name: string) => platform.services.find((one) => one.name === name)!
  const count = async (text: string, values: unknown[] = []) =>
    Number((await pool.query<{ n: string }>(`select count(*) n from ${text}`, values)).rows[0]!.n)
  const until = async (what: string, check: () => Promise<boolean>) => {
    for (const end = Date.now() + 60_000; !(await check()); await sleep(50))
      if (Date.now() > end) throw new Error(`not within a minute: ${what}`)
  }
  const holder = async (lock: number) => {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and classid = $1 and granted
         and database = (select oid from pg_database where datname = current_database())`,
      [lock],
    )
    expect(rows.length).toBeLessThanOrEqual(1)
    return rows[0]?.pid
  }
  /** Starts a second process of a service and waits until it stands by. */
  const standby = async (name: string, connection: string) => {
    await platform.another(name)
    const connected = `pg_stat_activity where application_name = $1 and datname = current_database()`
    await until(`two of ${name}`, async () => (await count(connected, [connection])) === 2)
  }

  /**
   * Sends events as a producer should: again when the door says 503, which it does where somebody who is frozen holds what
   * an append waits for. Gives how many are recorded then.
   */
  const recorded = async (url: string, events: readonly unknown[]): Promise<number> => {
    for (;;) {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${platform.writeKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(events),
      })
      if (response.ok) {
        const { accepted, duplicates } = (await response.json()) as { accepted: number; duplicates: number }
        return accepted + duplicates
      }
      expect({ status: response.status, body: await response.text() }).toMatchObject({ status: 503 })
      await sleep(100)
    }
  }

  /** Sends events, four senders at once, until it is ended; then how many were acknowledged. */
  const load = (url = platform.ingest) => {
    const run = { on: true }
    const name = crypto.randomUUID()
    let sent = 0
    const sender = async () => {
      let acknowledged = 0
      while (run.on) {
        const events = Array.from({ length: 20 }, () => {
          const i = sent++
          return {
            id: `${name}-${i}`,
            type: 'touchpoint.recorded',
            data: { visitor: `v-${i % 500}`, kind: 'page' },
          }
        })
        acknowledged += await recorded(url, events)
        await sleep(10) // a load, not a flood: all of it is verified afterwards
      }
      return acknowledged
    }
    const senders = Promise.all([sender(), sender(), sender(), sender()])
    return async () => {
      run.on = false
      return (await senders).reduce((sum, n) => sum + n, 0)
    }
  }

  /** The numbers are those of the events: nothing lost, nothing twice. */
  const expectWhole = async (events: number) => {
    await platform.settled()
    const generation = await liveGeneration(pool)
    expect(await count('store.event')).toBe(events)
    expect(await count(`${generation!.schema}.fact`)).toBe(events)
    expect((await verify({ store: pool, read: pool, tail: postgresEventTail(pool) })).differences).toEqual([])
  }

  it('holds nobody up for ever: the watermark, the fold and other doors go on, and it does no harm afterwards', async () => {
    await start()
    await standby('relay', 'funnel-head-lock')
    await standby('projector', 'funnel-projector-lock')
    const door = await platform.another('ingest')
    await door.ready()
    const leaders = [await holder(HEAD), await holder(PROJECTOR)]

    const ends = [load(), load(`http://127.0.0.1:${door.port}`)]
    await frozenInTransaction()
    service('relay').kill('SIGSTOP')
    service('ingest').kill('SIGSTOP')
    const [atFrozen, acknowledged] = [ends[0]!(), await ends[1]!()]
    await platform.settled()
    expect(leaders).not.toContain(await holder(HEAD))
    expect(leaders).not.toContain(await holder(PROJECTOR))

    for (const name of ['relay', 'ingest', 'projector']) service(name).kill('SIGCONT')
    const more = load(`http://127.0.0.1:${door.port}`)
    await sleep(1000)
    await expectWhole((await atFrozen) + acknowledged + (await more()))
  }, 240_000)

  /** Freezes the projector while it saves a batch. */
  const frozenInTransaction = async () => {
    const open = async () => {
      const { rows } = await pool.query<{ xact: string }>(
        `select pid || ' ' || xact_start as xact from pg_stat_activity
         where application_name = 'funnel-projector' and datname = current_database() and state like 'idle in transaction%'`,
      )
      return rows[0]?.xact
    }
    await until('frozen within a transaction', async () => {
      service('projector').kill('SIGSTOP')
      const xact = await open()
      await sleep(100)
      if (xact !== undefined && (await open()) === xact) return true
      service('projector').kill('SIGCONT')
      return false
    })
  }

  describeKafka('with Kafka between', () => {
    let brokers: string[]
    let topicPrefix: string
    beforeEach(async () => {
      brokers = (await testKafka()).brokers
      topicPrefix = `${crypto.randomUUID().slice(0, 8)}.`
      await start({ kafkaBrokers: brokers, topicPrefix })
    })

    it('publishes nothing that a reader would take twice, and nothing is missing on the topics', async () => {
      await standby('relay', 'funnel-relay-lock')
      const leader = await holder(RELAY)
      const end = load()
      await sleep(500)
      service('relay').kill('SIGSTOP')
      await until('another relay publishes', async () => ![undefined, leader].includes(await holder(RELAY)))
      await sleep(2000)
      service('relay').kill('SIGCONT')
      await sleep(2000)
      const acknowledged = await end()
      await expectWhole(acknowledged)
      const { rows } = await pool.query<{ topic: number; partition: number; position: number }>(
        'select topic, partition, position::int from store.event',
      )
      const stored = rows.map(({ topic, partition, position }) => `${topicById(topic)}/${partition}/${position}`)
      expect([...(await published())].toSorted()).toEqual(stored.toSorted())
    }, 240_000)

    /**
     * The places on the topics, as anybody reads them to their ends. Within a partition a place is there for the first time
     * after the one before it.
     */
    const published = async (): Promise<ReadonlySet<string>> => {
      const names = naming(topicPrefix)
      const client = kafkaClient({ brokers, clientId: 'spec' })
      const open = new Set<string>()
      const highs = new Map<string, number>()
      for (const topic of topicNames)
        for (const [partition, { low, high }] of (await client.endsOf(names.nameOf(topic))).entries()) {
          highs.set(`${names.nameOf(topic)}/${partition}`, high)
          if (high > low) open.add(`${names.nameOf(topic)}/${partition}`)
        }
      const places = new Set<string>()
      const done = Promise.withResolvers<void>()
      const consumer = await client.consumer(`${topicPrefix}spec`, topicNames.map(names.nameOf), {
        assigned: () => undefined,
        records: (name, partition, records) => {
          const topic = names.topicOf(name)!
          for (const message of records) {
            const { position } = decode(topic, partition, message)!.record
            const before = `${topic}/${partition}/${position - 1}`
            if (position > 1 && !places.has(before)) done.reject(new Error(`${before} comes late or never`))
            places.add(`${topic}/${partition}/${position}`)
            if (message.offset >= highs.get(`${name}/${partition}`)! - 1) open.delete(`${name}/${partition}`)
          }
          if (!open.size) done.resolve()
          return Promise.resolve()
        },
        tick: () => undefined,
        failed: done.reject,
      })
      try {
        await done.promise
      } finally {
        await consumer.close()
        await client.close()
      }
      return places
    }
  })
})
