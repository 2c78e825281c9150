import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'

/** Whose a key is, and what it may do. */
export interface KeyOwner {
  readonly source: string
  /** It may give commands; else it can only send events, so that it may lie open in a web page. */
  readonly commands: boolean
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Makes a bearer key with which a source may write. Only its SHA-256 is stored; the key is shown this once. */
export async function createWriteKey(pool: pg.Pool, source: string, commands = false): Promise<string> {
  const key = `${commands ? 'ck' : 'wk'}_${randomBytes(24).toString('base64url')}`
  await pool.query('insert into store.write_key (hash, source, commands) values ($1, $2, $3)', [
    digest(key),
    source,
    commands,
  ])
  return key
}

/** Whose a key is, or undefined for an unknown or revoked one. Looked up by hash: nothing to time. */
export async function ownerOfKey(pool: pg.Pool, key: string): Promise<KeyOwner | undefined> {
  const { rows } = await pool.query<KeyOwner>({
    name: 'write-key',
    text: 'select source, commands from store.write_key where hash = $1 and revoked_at is null',
    values: [digest(key)],
  })
  return rows[0]
}
