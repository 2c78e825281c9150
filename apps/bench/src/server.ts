import pg from 'pg'

/** What a reader should know of the PostgreSQL that everybody is measured on. */
const NAMES = [
  'server_version',
  'fsync',
  'full_page_writes',
  'synchronous_commit',
  'shared_buffers',
  'max_wal_size',
  'wal_compression',
]

/** Settings of the server at `url`, as a connection has them that asks for nothing. */
export async function serverSettings(url: string): Promise<Readonly<Record<string, string>>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) name',
    [NAMES],
  )
  await client.end()
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}
