import type pg from 'pg'
import type { Destination } from '../destinations/destination.js'
import type { Outgoing } from '../notification.js'
import { paceOf } from '../send/sender.js'

/** How long a claimed notification is left to whoever claimed it, in ms: longer than an attempt may take. */
export const LEASE = 60_000

/** A notification that is being sent, for the how-manieth time. */
export interface Claimed extends Outgoing {
  readonly attempts: number
  readonly taken: readonly string[]
}

/** What goes to one destination at once. */
export interface Parcel {
  readonly destination: Destination
  readonly notifications: readonly Claimed[]
}

/**
 * Claims what is due at one of these destinations, the one that waits longest: one notification, or a group of them where the
 * destination takes groups. What is claimed is due again after the lease, so nothing is lost with whoever claimed it.
 * Undefined when nothing is due.
 */
export async function claim(
  pool: pg.Pool,
  destinations: readonly Destination[],
  lease = LEASE,
): Promise<Parcel | undefined> {
  const paces = destinations.map(paceOf)
  const { rows } = await pool.query<Claimed>({
    name: 'notify-claim',
    text: CLAIM,
    values: [destinations.map(({ id }) => id), paces.map(({ size }) => size), paces.map(({ pause }) => pause), lease],
  })
  const [first] = rows
  if (!first) return undefined
  return { destination: destinations.find(({ id }) => id === first.destination)!, notifications: rows }
}

/** One claim of a destination at a time: another process passes over it, and over what it has claimed. */
const CLAIM = `
  with chosen as (
    select d.id, p.size, p.pause
    from unnest($1::text[], $2::int[], $3::int[]) p (id, size, pause)
    join notify.destination d on d.id = p.id and d.open_at <= now()
    cross join lateral (
      select w.due from notify.delivery w
      where w.destination = d.id and w.state = 'waiting' and w.due <= now() order by w.due limit 1
    ) waiting
    order by waiting.due limit 1
    for update of d skip locked
  ),
  paused as (
    update notify.destination d set open_at = clock_timestamp() + c.pause * interval '1 ms' from chosen c where d.id = c.id and c.pause > 0
  ),
  due as (
    select w.id from notify.delivery w
    where w.destination = (select id from chosen) and w.state = 'waiting' and w.due <= now()
    order by w.due, w.id limit (select size from chosen)
    for update skip locked
  )
  update notify.delivery d set attempts = d.attempts + 1, due = clock_timestamp() + $4 * interval '1 ms'
  from due where d.id = due.id
  returning d.id, d.event, d.destination, d.type, (extract(epoch from d.occurred) * 1000)::bigint occurred, d.data, d.attempts, d.taken`

/** What became of a claimed notification; `taken`, if there is one, replaces what was known of its recipients. */
export type Fate =
  | { readonly state: 'sent' }
  | { readonly state: 'dead'; readonly reason: string; readonly taken?: readonly string[] | undefined }
  | {
      readonly state: 'waiting'
      readonly reason: string
      /** In ms. */
      readonly pause: number
      readonly taken?: readonly string[] | undefined
    }

/** Writes down what became of a notification; of one that was claimed again meanwhile, only that it was sent. */
export async function settle(pool: pg.Pool, { id, attempts }: Claimed, fate: Fate): Promise<void> {
  await pool.query({
    name: 'notify-settle',
    text: `
      update notify.delivery set state = $3, reason = $4, taken = coalesce($6::uuid[], taken),
        due = case when $3 = 'waiting' then clock_timestamp() + $5 * interval '1 ms' else due end,
        ended = case when $3 = 'waiting' then null else clock_timestamp() end
      where id = $1 and state = 'waiting' and (attempts = $2 or $3 = 'sent')`,
    values: [
      id,
      attempts,
      fate.state,
      fate.state === 'sent' ? null : fate.reason,
      fate.state === 'waiting' ? fate.pause : 0,
      fate.state === 'sent' ? null : fate.taken,
    ],
  })
}

/** Leaves a destination alone for so many ms. */
export async function hold(pool: pg.Pool, destination: string, ms: number): Promise<void> {
  await pool.query(
    `update notify.destination set open_at = greatest(open_at, clock_timestamp() + $2 * interval '1 ms') where id = $1`,
    [destination, ms],
  )
}

/** Makes the destinations known to claims. */
export async function register(pool: pg.Pool, destinations: readonly Destination[]): Promise<void> {
  await pool.query('insert into notify.destination (id) select unnest($1::text[]) on conflict do nothing', [
    destinations.map(({ id }) => id),
  ])
}
