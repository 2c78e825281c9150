import pg from 'pg'
import { FunnelError } from '@funnel/events'

/** The first PostgreSQL with `transaction_timeout`, which keeps an append that hangs from stopping all others. */
const OLDEST = 17

/** Asks the server for its version and the encoding of the database. Throws INVALID when it is too old for Funnel, or not UTF-8. */
export async function assertServer(url: string): Promise<void> {
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
    const { rows: encodings } = await client.query<{ server_encoding: string }>('show server_encoding')
    const encoding = encodings[0]?.server_encoding
    if (encoding !== 'UTF8')
      throw new FunnelError(
        'INVALID',
        `the database has the encoding ${encoding}, which cannot hold every letter that events may: make one with \`create database … encoding 'UTF8' template template0\``,
        { encoding },
      )
  } finally {
    await client.end()
  }
}
