import type pg from 'pg'
import { createPool } from '@funnel/platform'
import { testDatabase } from '@funnel/testing'
import type { EventStore } from '../event-store.js'
import { migrateStore } from '../migrations/index.js'
import { openEventStore } from '../postgres/postgres-event-store.js'

/** A database with a store in it, and a pool beside the store's own; for the specs of one file. */
export interface StoreDatabase {
  readonly url: string
  readonly pool: pg.Pool
  readonly store: EventStore
  drop(): Promise<void>
}

/** `size`: of the pool; `connections`: of the store, as many as by default where absent. */
export async function storeDatabase(size: number, connections?: number): Promise<StoreDatabase> {
  const database = await testDatabase()
  const { url } = database
  await migrateStore(url)
  const pool = createPool(url, 'test', size)
  const store = await openEventStore({ url, ...(connections !== undefined && { connections }) })
  return {
    url,
    pool,
    store,
    async drop() {
      await store.close()
      await pool.end()
      await database.drop()
    },
  }
}
