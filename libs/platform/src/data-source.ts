import 'reflect-metadata'
import pg from 'pg'
import { DataSource, type MigrationInterface } from 'typeorm'
import { assertServer } from './server.js'

/** A migration as TypeORM runs it; its class name ends in a timestamp. */
export type Migration = new () => MigrationInterface

// bigint as number: positions, amounts and counts are kept below 2^53 by checks at the edge.
pg.types.setTypeParser(20, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint out of the safe range: ${text}`)
  return value
})
// timestamptz as text is never needed: queries ask for epoch milliseconds.

/**
 * Runs migrations of one schema (its table of them lives there) and closes. Safe to run from several processes at once.
 * Throws INVALID when the server is too old or the database not UTF-8.
 */
export async function migrate(url: string, schema: string, migrations: readonly Migration[]): Promise<void> {
  await assertServer(url)
  const source = new DataSource({
    type: 'postgres',
    url,
    schema,
    migrations: [...migrations],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
  })
  await source.initialize()
  const lock = source.createQueryRunner()
  try {
    await lock.query(`select pg_advisory_lock(hashtext('funnel-migrate'))`)
    await lock.query(`create schema if not exists ${schema}`)
    await source.runMigrations()
  } finally {
    await lock.query(`select pg_advisory_unlock(hashtext('funnel-migrate'))`).catch(() => undefined)
    await lock.release()
    await source.destroy()
  }
}

/**
 * A pool of connections; `name` shows in pg_stat_activity, `options` are command-line settings (`-c name=value`) beside
 * those of the URL, over which they win. A query that is not answered within `patience` ms fails, and its connection is given
 * up: what the server itself would end in time may also hang with the server. Without it a query may take any time.
 */
export function createPool(url: string, name: string, max = 10, options?: string, patience?: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options === undefined ? url : withOptions(url, options),
    application_name: name,
    max,
    connectionTimeoutMillis: 10_000,
    ...(patience !== undefined && { query_timeout: patience }),
  })
  pool.on('error', () => undefined) // an idle connection was lost; whoever needs the next one hears of it
  // one was lost while somebody has it: their next query fails, and an event nobody hears would end the process
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** The URL with these options behind its own: the driver would take only those of the URL. */
function withOptions(url: string, options: string): string {
  const whole = new URL(url)
  const own = whole.searchParams.get('options')
  whole.searchParams.set('options', own === null ? options : `${own} ${options}`)
  return whole.href
}
