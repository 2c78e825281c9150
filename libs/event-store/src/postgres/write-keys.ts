import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { FunnelError, tellsEmail } from '@funnel/events'

/** Whose a key is, and what it may do. */
export interface KeyOwner {
  readonly source: string
  /** It may give commands; else it can only send events, so that it may lie open in a web page. */
  readonly commands: boolean
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest()

/**
 * Makes a bearer key with which a source may write. Only its SHA-256 is stored; the key is shown this once. Throws INVALID
 * where the source is nothing that an event from outside may have for its source, or one of the platform's own.
 */
export async function createWriteKey(pool: pg.Pool, source: string, commands = false): Promise<string> {
  assertSource(source)
  const key = `${commands ? 'ck' : 'wk'}_${randomBytes(24).toString('base64url')}`
  await pool.query('insert into store.write_key (hash, source, commands) values ($1, $2, $3)', [
    digest(key),
    source,
    commands,
  ])
  return key
}

/** It stands in every event that names no other for ever, and idempotency keys of commands are its own. */
function assertSource(source: string): void {
  const refused = (what: string) => new FunnelError('INVALID', `the source of a key ${what}`, { field: 'source' })
  if (!source || source.length > 200) throw refused('has 1 to 200 characters: name the system that sends, as website')
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(source) || !source.isWellFormed())
    throw refused('holds a control character or half of a surrogate pair: leave it out')
  if (tellsEmail(source)) throw refused('is an e-mail address, which no event may hold: name the system that sends')
  if (OWN.has(source) || source.startsWith('/funnel/'))
    throw refused(`cannot be ${source}, as what the platform itself decides has: choose another`)
}

/** Sources of what comes with the admin token, and of definitions. */
const OWN: ReadonlySet<string> = new Set(['admin', '/definitions'])

/** Whose a key is, or undefined for an unknown or revoked one. Looked up by hash: nothing to time. */
export async function ownerOfKey(pool: pg.Pool, key: string): Promise<KeyOwner | undefined> {
  const { rows } = await pool.query<KeyOwner>({
    name: 'write-key',
    text: 'select source, commands from store.write_key where hash = $1 and revoked_at is null',
    values: [digest(key)],
  })
  return rows[0]
}
