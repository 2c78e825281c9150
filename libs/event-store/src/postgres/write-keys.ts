import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'

const digest = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Makes a bearer key with which a source may write. Only its SHA-256 is stored; the key is shown this once. */
export async function createWriteKey(pool: pg.Pool, source: string): Promise<string> {
  const key = `wk_${randomBytes(24).toString('base64url')}`
  await pool.query('insert into store.write_key (hash, source) values ($1, $2)', [digest(key), source])
  return key
}

/** The source a key belongs to, or undefined for an unknown or revoked one. Looked up by hash: nothing to time. */
export async function sourceOfKey(pool: pg.Pool, key: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ source: string }>({
    name: 'write-key',
    text: 'select source from store.write_key where hash = $1 and revoked_at is null',
    values: [digest(key)],
  })
  return rows[0]?.source
}
