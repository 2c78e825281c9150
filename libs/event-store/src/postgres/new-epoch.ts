import type pg from 'pg'
import { FunnelError } from '@funnel/events'
import { translated } from './errors.js'

/** Who is connected, as far as this role may see: its own connections by name, and whoever leads by the lock of `leadOnce`. */
const RUNNING = `
  select distinct coalesce(a.application_name, case l.classid when 7006 then 'funnel-projector' when 7008 then 'funnel-automation' else 'funnel-relay' end) as name
  from pg_stat_activity a
  left join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.classid in (7002, 7003, 7006, 7008)
  where a.datname = current_database() and a.pid <> pg_backend_pid()
    and (a.application_name like 'funnel-%' or l.pid is not null)
  order by 1`

/**
 * Makes a store that came out of a backup a log of its own: it may record other events at positions that topics and read
 * models know already. They find that its epoch is another one and stop with LOG_AHEAD. The head is published anew, and the
 * store remembers up to when what was put back had been recorded (`historyUntil`). Returns the new epoch. Throws CONFLICT
 * while services are seen to use the store.
 */
export async function newEpoch(pool: pg.Pool): Promise<string> {
  try {
    const { rows: running } = await pool.query<{ name: string }>(RUNNING)
    if (running.length)
      throw new FunnelError(
        'CONFLICT',
        `the database is in use (${running.map(({ name }) => name).join(', ')}): stop the services first`,
      )
    const { rows } = await pool.query<{ epoch: string }>(
      `with emptied as (delete from store.head)
       update store.meta set epoch = gen_random_uuid(), restored_until = (select max(recorded_at) from store.event)
       returning epoch`,
    )
    return rows[0]!.epoch
  } catch (error) {
    throw translated(error)
  }
}
