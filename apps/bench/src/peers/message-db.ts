import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { poolOf } from './pool.js'

const sql = join(dirname(createRequire(import.meta.url).resolve('@eventide/message-db/package.json')), 'database')
const files = (folder: string) =>
  readdirSync(join(sql, folder))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => readFileSync(join(sql, folder, name), 'utf8'))

/** message-db, installed from its own SQL files in the order of its own script; `write_message` is its append. */
export async function messageDb(url: string, connections = 16) {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  const run = async (text: string) => {
    await admin.query(text)
  }
  await admin.query(`do $$ begin create role message_store; exception when duplicate_object then null; end $$`)
  for (const text of files('schema')) await run(text)
  for (const text of files('extensions')) await run(text).catch(() => undefined) // pgcrypto: not needed since PostgreSQL 13
  for (const text of files('tables')) await run(text)
  for (const text of files('types')) await run(text)
  for (const text of files('functions')) await run(text)
  for (const text of files('indexes')) await run(text.replaceAll(/CONCURRENTLY/gi, ''))
  await admin.end()
  const pool = poolOf(url, connections, '-c search_path=message_store,public')
  return {
    append: (id: string, stream: string, payload: string) =>
      pool.query({
        name: 'write',
        text: 'select write_message($1, $2, $3, $4)',
        values: [id, stream, 'recorded', JSON.stringify({ payload })],
      }),
    /** How many messages the store holds. */
    stored: async () => Number((await pool.query<{ n: string }>('select count(*) n from messages')).rows[0]!.n),
    close: () => pool.end(),
  }
}
