import type pg from 'pg'
import { migrateStore } from '@funnel/event-store'
import { createPool } from '@funnel/platform'
import { testDatabase } from '@funnel/testing'
import { migrateRead } from '../migrations/index.js'

/** A database with store and read models, for the specs of one file. */
export interface ReadDatabase {
  readonly url: string
  readonly pool: pg.Pool
  /** Empties it, as if nothing had been recorded or folded. */
  clear(): Promise<void>
  drop(): Promise<void>
}

export async function readDatabase(): Promise<ReadDatabase> {
  const database = await testDatabase()
  await migrateStore(database.url)
  await migrateRead(database.url)
  const pool = createPool(database.url, 'test', 8)
  return {
    url: database.url,
    pool,
    async clear() {
      const { rows } = await pool.query<{ schema: string }>('select schema from read.generation')
      for (const { schema } of rows) await pool.query(`drop schema ${schema} cascade`)
      await pool.query(`truncate read.generation, store.event, store.head; update store.meta set floor = '-infinity'`)
    },
    async drop() {
      await pool.end()
      await database.drop()
    },
  }
}
