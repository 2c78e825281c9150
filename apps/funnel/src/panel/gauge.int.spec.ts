import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { advanceHead } from '@funnel/event-log'
import { migrateStore, openEventStore } from '@funnel/event-store'
import { mintId, type Envelope } from '@funnel/events'
import { syntheticLog, testDatabase, type TestDatabase } from '@funnel/testing'
import { thisProcess } from '../workspace/process.js'
import { openGauge } from './gauge.js'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await migrateStore(database.url)
})
afterAll(() => database.drop())

it('the gauge shows at its first look the last events that there are, then those that come', async () => {
  const store = await openEventStore({ url: database.url, connections: 1 })
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const gauge = openGauge(() => ({
    workspace: 'mine',
    supervisor: thisProcess(),
    startedAt: new Date().toISOString(),
    ready: true,
    demo: false,
    embeddedPostgres: false,
    urls: { ingest: 'http://127.0.0.1:1', commands: '127.0.0.1:1', query: '127.0.0.1:1' },
    databaseUrl: database.url,
    vaultDatabaseUrl: database.url,
    readDatabaseUrl: database.url,
    services: [],
  }))
  try {
    const log = [...syntheticLog(12)]
    const record = async (from: number, to: number) => {
      for (const event of log.slice(from, to)) await store.append({ events: [event] })
      await advanceHead(pool)
    }
    const recorded = async () => {
      const { rows } = await pool.query<{ subject: string }>(
        `select envelope->>'partitionkey' subject from store.event order by recorded_at, topic, partition, position`,
      )
      return rows.map(({ subject }) => subject)
    }
    const shown = async () => (await gauge.look()).last.map(({ subject }) => subject)

    await record(0, 10)
    expect(await shown()).toEqual((await recorded()).slice(4))
    await record(10, 12)
    expect(await shown()).toEqual((await recorded()).slice(6))

    const deal = log.find(({ type }) => type === 'deal.opened') ?? log[0]!
    const opened = (currency: string): Envelope => ({
      ...deal,
      id: mintId(),
      type: 'deal.opened',
      dataschema: 'deal.opened:1',
      partitionkey: currency,
      data: { deal: currency, amount: { minor: 1_054_000, currency } },
    })
    log.push(opened('EUR'), opened('JPY'), opened('KWD'))
    await record(12, 15)
    const notes = (await gauge.look()).last.map(({ note }) => note)
    expect(notes).toEqual(expect.arrayContaining(['EUR 10,540', 'JPY 1,054,000', 'KWD 1,054']))
  } finally {
    await gauge.close()
    await pool.end()
    await store.close()
  }
})
