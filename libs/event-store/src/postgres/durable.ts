import type pg from 'pg'
import { FunnelError } from '@funnel/events'

/**
 * Refuses a database that may lose what it has acknowledged. Throws UNSAFE_DATABASE naming every setting that is off and
 * what to do about it.
 */
export async function assertDurable(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name`,
  )
  if (!rows.length) return
  const off = rows.map(({ name }) => name)
  throw new FunnelError(
    'UNSAFE_DATABASE',
    `PostgreSQL runs with ${off.map((name) => `${name} = off`).join(', ')} and may lose acknowledged events: ` +
      `set ${off.map((name) => `${name} = on`).join(', ')} and reload it`,
    { off },
  )
}
