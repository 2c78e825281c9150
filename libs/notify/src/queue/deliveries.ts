import type pg from 'pg'

/** A notification and how far it has come. Times are ISO 8601, UTC. */
export interface Delivery {
  readonly id: string
  readonly event: string
  readonly destination: string
  readonly type: string
  readonly state: 'waiting' | 'sent' | 'dead'
  readonly attempts: number
  readonly created: string
  /** When it is tried next; of those that wait. */
  readonly due?: string
  readonly ended?: string
  /** Why the last attempt failed. */
  readonly reason?: string
}

const iso = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The last notifications, the newest first, of all or of those that are dead. */
export async function listDeliveries(pool: pg.Pool, { dead = false, limit = 50 } = {}): Promise<readonly Delivery[]> {
  const { rows } = await pool.query<{ delivery: Delivery }>(
    `select json_strip_nulls(json_build_object('id', id, 'event', event, 'destination', destination, 'type', type, 'state', state, 'attempts', attempts,
       'created', ${iso('created')}, 'due', case when state = 'waiting' then ${iso('due')} end, 'ended', ${iso('ended')}, 'reason', reason)) delivery
     from notify.delivery where state = 'dead' or not $1 order by created desc, id limit $2`,
    [dead, limit],
  )
  return rows.map(({ delivery }) => delivery)
}

/** Has dead notifications sent again, all or one, with all attempts before them and the same ids. Gives how many. */
export async function retryDeliveries(pool: pg.Pool, which: 'dead' | { readonly id: string }): Promise<number> {
  const { rowCount } = await pool.query(
    `update notify.delivery set state = 'waiting', attempts = 0, due = clock_timestamp(), ended = null, reason = null
     where state = 'dead' and ($1::uuid is null or id = $1)`,
    [which === 'dead' ? null : which.id],
  )
  return rowCount ?? 0
}

/** What there is to look after. */
export interface Standing {
  readonly waiting: number
  readonly dead: number
  /** How long the oldest has waited, in seconds; 0 when none waits. */
  readonly oldest: number
}

/** The standing of these destinations. */
export async function standing(pool: pg.Pool, destinations: readonly string[]): Promise<Standing> {
  const { rows } = await pool.query<Standing>(
    `select count(*) filter (where state = 'waiting')::int waiting, count(*) filter (where state = 'dead')::int dead,
       coalesce(extract(epoch from clock_timestamp() - min(created) filter (where state = 'waiting')), 0)::float8 oldest
     from notify.delivery where state in ('waiting', 'dead') and destination = any($1)`,
    [destinations],
  )
  return rows[0]!
}
