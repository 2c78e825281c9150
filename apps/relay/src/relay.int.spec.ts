import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { derivedId, mintId, topicNames, type Envelope, type Recorded } from '@funnel/events'
import {
  advanceHead,
  decode,
  ensureTopics,
  kafkaClient,
  KafkaEventLog,
  KafkaPublisher,
  naming,
  postgresEventTail,
  type KafkaClient,
} from '@funnel/event-log'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { createPool, freePort, startService, type Service } from '@funnel/platform'
import { describeKafka, startKafka, testDatabase, testKafka, type TestDatabase, type TestKafka } from '@funnel/testing'
import { RelayConfig } from './config.js'
import { RelayModule } from './relay.module.js'

describe('relay', () => {
  let database: TestDatabase
  let store: EventStore
  let names: ReturnType<typeof naming>
  const relays: Service[] = []
  const closing: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    store = await openEventStore({ url: database.url })
    names = naming(`${mintId().slice(-8)}.`)
  })
  afterEach(async () => {
    await Promise.all([...relays.splice(0).map((relay) => relay.close()), ...closing.splice(0).map((close) => close())])
    await store.close()
    await database.drop()
  })

  const startRelay = async (brokers?: readonly string[]): Promise<Service> => {
    const config = Object.assign(new RelayConfig(), {
      databaseUrl: database.url,
      port: 0,
      logLevel: 'silent',
      kafkaTopicPrefix: names.prefix,
      ...(brokers ? { kafkaBrokers: brokers.join(',') } : {}),
    })
    const relay = await startService({ name: 'relay', config, module: RelayModule })
    relays.push(relay)
    return relay
  }

  const append = async (count: number): Promise<Recorded[]> => {
    const events = Array.from({ length: count }, (_, i): Envelope => captured(`${mintId()}-${i}`))
    const appended = await store.append({ events })
    return appended.map(({ record }) => record)
  }

  /** Every record of the topics, as an outsider that starts at the beginning reads them, once `count` are there. */
  const onTopics = async (client: KafkaClient, count: number): Promise<Recorded[]> => {
    const read: Recorded[] = []
    const leads = names.nameOf('leads')
    await eventually(async () => (await client.partitionsOf([leads])).has(leads))
    const consumer = await client.consumer(`${names.prefix}${mintId()}`, [leads], {
      assigned: () => undefined,
      records: (_, partition, records) => {
        for (const message of records) {
          const published = decode('leads', partition, message)
          if (published) read.push(published.record)
        }
        return Promise.resolve()
      },
      tick: () => undefined,
      failed: () => undefined,
    })
    try {
      await eventually(() => read.length >= count)
      return read
    } finally {
      await consumer.close()
    }
  }

  it('publishes the head of the store, and nothing else, where there is no Kafka', async () => {
    const relay = await startRelay()
    const records = await append(3)
    const pool = createPool(database.url, 'spec')
    closing.push(() => pool.end())
    await eventually(async () => (await head(pool))?.sum === records.length)
    await eventually(async () => (await get(relay, 'health/ready')).status === 200)
    const { body } = await get(relay, 'metrics')
    expect(body).toMatch(/funnel_watermark_age_seconds\{[^}]*\} \d/)
  })

  it('has bodies of refused events forgotten after 30 days, and keeps why they were refused', async () => {
    const rejection = { source: '/spec', code: 'INVALID', message: 'wrong', body: '{}' }
    await store.reject(Array.from({ length: 1202 }, () => rejection))
    const pool = createPool(database.url, 'spec')
    closing.push(() => pool.end())
    await pool.query(
      `update vault.raw set received_at = received_at - interval '30 days' + interval '5 minutes' where id = 1`,
    )
    await pool.query(`update vault.raw set received_at = received_at - interval '30 days' where id > 2`)
    await startRelay()
    const left = async () => {
      const { rows } = await pool.query<{ id: number }>('select id from vault.raw order by id')
      return rows.map(({ id }) => id)
    }
    await eventually(async () => (await left()).length === 2)
    expect(await left()).toEqual([1, 2])
    const { rows } = await pool.query<object>(
      `select count(*) as n, count(*) filter (where code = 'INVALID' and message = 'wrong') as why, count(raw) as bodies from store.rejected_event`,
    )
    expect(rows).toEqual([{ n: 1202, why: 1202, bodies: 2 }])
  })

  it('tells how much is not published though it has never reached Kafka, and 0 where another relay is to publish it', async () => {
    const leader = await startRelay([`127.0.0.1:${await freePort()}`])
    await append(5)
    await eventually(async () => (await gauge(leader, 'relay_lag_events')) === 5)
    const age = await gauge(leader, 'relay_oldest_seconds')
    expect(age).toBeGreaterThan(0)
    await eventually(async () => (await gauge(leader, 'relay_oldest_seconds')) > age + 1)
    const second = await startRelay([`127.0.0.1:${await freePort()}`])
    await eventually(async () => (await get(second, 'health/ready')).status === 200)
    expect([await gauge(second, 'relay_lag_events'), await gauge(second, 'relay_oldest_seconds')]).toEqual([0, 0])
    await relays.splice(0, 1)[0]?.close()
    await eventually(async () => (await gauge(second, 'relay_lag_events')) === 5)
  })

  describeKafka('with Kafka', () => {
    let brokers: string[]
    let client: KafkaClient
    beforeAll(async () => {
      brokers = (await testKafka()).brokers
      client = kafkaClient({ brokers, clientId: 'spec' })
    })
    afterAll(() => client.close())

    it('brings every event to its partition, for a consumer to count the same, and tells its lag', async () => {
      const relay = await startRelay(brokers)
      const records = [...(await append(300)), ...(await append(200))]
      const pool = createPool(database.url, 'spec')
      const log = new KafkaEventLog(postgresEventTail(pool), { brokers, topicPrefix: names.prefix, pool })
      closing.push(() => log.close().then(() => pool.end()))
      await eventually(async () => (await head(pool)) !== undefined)
      const subscription = await log.open('counting', ['leads'], () => Promise.resolve({}))
      const counted: Recorded[] = []
      for await (const { events } of subscription) {
        counted.push(...events)
        if (counted.length >= records.length) break
      }
      await subscription.close()
      expect(counted.map(idOf).toSorted()).toEqual(records.map(idOf).toSorted())
      expect(counted.toSorted(byPlace)).toEqual(records.toSorted(byPlace))
      await eventually(async () => /funnel_relay_lag_events\{[^}]*\} 0\n/.test((await get(relay, 'metrics')).body))
      const { body } = await get(relay, 'metrics')
      expect(body).toMatch(/funnel_relay_published_total\{[^}]*topic="leads"[^}]*\} 500\n/)
      expect(body).toMatch(/funnel_relay_oldest_seconds\{[^}]*\} 0\n/)
      expect(await get(relay, 'health/ready')).toMatchObject({ status: 200 })
    })

    it('goes on from what the topics hold, without a memory of its own', async () => {
      await startRelay(brokers)
      const first = await append(50)
      await onTopics(client, 50)
      await relays.splice(0)[0]?.close()
      const more = await append(50)
      await startRelay(brokers)
      const read = await onTopics(client, 100)
      await sleep(300)
      expect((await onTopics(client, 100)).length).toBe(100)
      expect(read.map(idOf).toSorted()).toEqual([...first, ...more].map(idOf).toSorted())
    })

    it('has one active and one that takes over when the lock of the first is lost; both together do no harm', async () => {
      await startRelay(brokers)
      const first = await append(40)
      await onTopics(client, 40)
      await startRelay(brokers)
      const admin = new pg.Client(database.url)
      await admin.connect()
      closing.push(() => admin.end())
      // as a server does to a frozen leader; it comes back and stands by, or leads again
      for (let losses = 0; losses < 3; losses++) {
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'funnel-relay-lock' and datname = current_database()`,
        )
        await append(20)
      }
      const all = await onTopics(client, 100)
      const dense = [...Map.groupBy(all, ({ partition }) => partition).values()]
      for (const records of dense) {
        const firsts = [...new Set(records.map(({ position }) => position))]
        expect(firsts).toEqual(firsts.map((_, index) => index + 1))
      }
      expect(new Set(all.map(idOf)).size).toBe(100)
      expect(first.every((record) => all.some((one) => idOf(one) === idOf(record)))).toBe(true)
    })

    it('publishes many large events of one partition, more than a broker takes at once', async () => {
      const lead = mintId()
      const large = Array.from({ length: 100 }, (_, i) => {
        const text = randomBytes(18_000).toString('base64')
        return { ...captured(lead), id: derivedId('spec', `${lead}-${i}`), data: { lead, text } }
      })
      for (const event of large) await store.append({ events: [event] })
      await startRelay(brokers)
      const read = await onTopics(client, 100)
      expect(read.map(({ position }) => position)).toEqual(large.map((_, index) => index + 1))
    })

    it('publishes a topic again that was deleted', async () => {
      await startRelay(brokers)
      const before = await append(30)
      await onTopics(client, 30)
      await client.deleteTopics([names.nameOf('leads')])
      const after = await append(10)
      const read = await untilRead(client, 40)
      expect(new Set(read.map(idOf))).toEqual(new Set([...before, ...after].map(idOf)))
    })

    it('publishes a topic again that was made anew, also where one that was killed had begun it with what came next', async () => {
      await startRelay(brokers)
      const before = await append(30)
      await onTopics(client, 30)
      await relays.splice(0)[0]?.close()
      await client.deleteTopics([names.nameOf('leads')])
      await eventually(async () => !(await client.partitionsOf([names.nameOf('leads')])).size)
      await ensureTopics(client, topicNames, names)
      const next = await append(10)
      const pool = createPool(database.url, 'spec')
      closing.push(() => pool.end())
      await sleep(5) // the watermark lies behind the clock
      const { epoch } = await advanceHead(pool)
      const killed = new KafkaPublisher(client, epoch, names)
      await killed.publish(next)
      await killed.close()
      // it went on behind these, and told a lag of 0
      await startRelay(brokers)
      const all = [...before, ...next].map(idOf)
      await eventually(async () => {
        const read = new Set((await untilRead(client, 10)).map(idOf))
        return all.every((id) => read.has(id))
      })
    })

    it('stops with LOG_AHEAD on topics of another store, says so, and goes on when they are deleted', async () => {
      await startRelay(brokers)
      await append(10)
      await onTopics(client, 10)
      await relays.splice(0)[0]?.close()
      const admin = new pg.Client(database.url)
      await admin.connect()
      closing.push(() => admin.end())
      // what restoring a backup does
      await admin.query('update store.meta set epoch = gen_random_uuid()')
      const relay = await startRelay(brokers)
      await eventually(async () => /another store/.test((await get(relay, 'health/ready')).body))
      expect((await get(relay, 'health/ready')).status).toBe(503)
      await client.deleteTopics(topicNames.map(names.nameOf))
      expect(await onTopics(client, 10)).toHaveLength(10)
    })

    const untilRead = async (from: KafkaClient, count: number): Promise<Recorded[]> => {
      for (const end = Date.now() + 40_000; ;) {
        try {
          return await onTopics(from, count)
        } catch (error) {
          if (Date.now() > end) throw error
        }
      }
    }
  })

  describeKafka(
    'with a broker that is killed',
    () => {
      let kafka: TestKafka
      beforeAll(async () => {
        kafka = await startKafka()
      })
      afterAll(() => kafka.remove())

      it('is only delayed, says why, and loses nothing', async () => {
        const client = kafkaClient({ brokers: kafka.addresses, clientId: 'spec' })
        closing.push(() => client.close())
        const relay = await startRelay(kafka.addresses)
        const before = await append(20)
        await onTopics(client, 20)
        // so that it is not ready for this reason alone
        await eventually(async () => (await get(relay, 'health/ready')).status === 200)
        await kafka.brokers[0]?.kill('SIGKILL')
        const during = await append(30)
        await eventually(async () => (await get(relay, 'health/ready')).status === 503, 40)
        expect((await get(relay, 'health/ready')).body).toContain('"kafka":')
        expect((await get(relay, 'health/live')).status).toBe(200)
        expect(await gauge(relay, 'relay_lag_events')).toBe(30)
        expect(await gauge(relay, 'relay_oldest_seconds')).toBeGreaterThan(0)
        await kafka.brokers[0]?.start()
        const read = await onTopics(client, 50)
        expect(new Set(read.map(idOf))).toEqual(new Set([...before, ...during].map(idOf)))
        await eventually(async () => (await get(relay, 'health/ready')).status === 200)
      })
    },
    'cluster',
  )
})

const captured = (lead: string): Envelope => ({
  specversion: '1.0',
  id: derivedId('spec', lead),
  source: '/spec',
  type: 'lead.captured',
  dataschema: 'lead.captured:1',
  time: '2024-05-01T10:00:00.000Z',
  partitionkey: lead,
  data: { lead },
})

const idOf = ({ event }: Recorded): string => event.id
const byPlace = (a: Recorded, b: Recorded) => a.partition - b.partition || a.position - b.position

async function head(pool: pg.Pool): Promise<{ sum: number } | undefined> {
  try {
    const { positions } = await postgresEventTail(pool).heads()
    return { sum: (positions.leads ?? []).reduce((sum, position) => sum + position, 0) }
  } catch {
    return undefined
  }
}

async function get(relay: Service, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${relay.url}/${path}`)
  return { status: response.status, body: await response.text() }
}

async function gauge(relay: Service, name: string): Promise<number> {
  const { body } = await get(relay, 'metrics')
  return Number(new RegExp(`^funnel_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(body)?.[1])
}

async function eventually(check: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await check()); await sleep(50))
    if (Date.now() > end) throw new Error(`did not come true within ${seconds} s: ${String(check)}`)
}
