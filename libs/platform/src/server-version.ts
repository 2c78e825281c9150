import pg from 'pg'
import { FunnelError } from '@funnel/events'

/** The first PostgreSQL with `transaction_timeout`, which keeps an append that hangs from stopping all others. */
const OLDEST = 17

/** Asks the server for its version. Throws INVALID when it is too old for Funnel. */
export async function assertServerVersion(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num')
    const version = Number(rows[0]?.server_version_num)
    const [major, minor] = [Math.floor(version / 10_000), version % 10_000]
    if (major < OLDEST)
      throw new FunnelError(
        'INVALID',
        `the database server is PostgreSQL ${major}.${minor}, and Funnel needs ${OLDEST} or later: upgrade it, or run \`npm start\` without DATABASE_URL, which brings its own`,
        { version },
      )
  } finally {
    await client.end()
  }
}
