import { afterAll, beforeAll, describe } from '@jest/globals'
import type pg from 'pg'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { commandHandlerContract } from './command-handler.contract.js'
import { groupDecisions } from './group-decisions.js'
import type { EventStore } from './event-store.js'
import { migrateStore } from './migrations/index.js'
import { openEventStore } from './postgres/postgres-event-store.js'

describe.each([
  ['by itself', (store: EventStore) => store],
  ['in groups', groupDecisions],
])('The command handler on PostgreSQL, each decision %s', (_, grouped: (store: EventStore) => EventStore) => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 2)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  commandHandlerContract(async () => {
    await pool.query('truncate store.event, store.head, store.rejected_event, vault.raw')
    const store = grouped(await openEventStore({ url: database.url }))
    const tail = postgresEventTail(pool)
    return {
      store,
      tail: { read: tail.read.bind(tail), heads: () => advanceHead(pool) },
      rejected: async () => {
        const { rows } = await pool.query<{ code: string; body: string }>(
          'select code, body from store.rejected_event r join vault.raw on raw.id = r.raw order by r.id',
        )
        return rows
      },
      close: () => store.close(),
    }
  })
})
