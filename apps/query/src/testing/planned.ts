import type pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import { createPool } from '@funnel/platform'
import { createGeneration, migrateRead } from '@funnel/projections'
import { testDatabase } from '@funnel/testing'

/** A statement with its values. */
interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** A live generation that holds much, and how its statements are carried out; for the specs of one file. */
export interface Planned {
  readonly generation: number
  readonly pool: pg.Pool
  /** The plan of a statement that was carried out, line by line. */
  explain(statement: Statement): Promise<readonly string[]>
  drop(): Promise<void>
}

/** Fills the generation by the statements that `fill` gives for its schema. */
export async function planned(fill: (schema: string) => string): Promise<Planned> {
  const database = await testDatabase()
  await migrateRead(database.url)
  const pool = createPool(database.url, 'test', 1)
  const epoch = '00000000-0000-4000-8000-000000000000'
  const { id, schema } = await createGeneration(pool, { definitions: loadDefinitions(), epoch, state: 'live' })
  await pool.query(`${fill(schema)}; analyze`)
  return {
    generation: id,
    pool,
    async explain({ text, values }) {
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze) ${text}`, [...values])
      return rows.map((row) => row['QUERY PLAN'])
    },
    async drop() {
      await pool.end()
      await database.drop()
    },
  }
}
