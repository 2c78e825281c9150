import type pg from 'pg'
import type { Instant } from '@funnel/events'

/** How long a notification is kept once it was sent, and once it was given up and nobody had it sent again. Days. */
export const KEPT = { sent: 30, dead: 180 } as const

/** So many rows a statement at most: it holds up nobody. */
const PORTION = 1000

/** Why what waits for a destination that there is no more is given up. */
export const REMOVED = 'the destination is not configured any more'

/**
 * Removes what was sent or given up long ago, in small portions; gives how many. `takenIn`: what was recorded up to then
 * is taken in for good. What was made after that stays, for its event may come again, and only its row tells that it was told.
 */
export async function removeOld(pool: pg.Pool, takenIn: Instant, portion = PORTION): Promise<number> {
  let removed = 0
  for (const [state, days] of Object.entries(KEPT))
    for (let size = portion; size === portion; removed += size) {
      const { rowCount } = await pool.query({
        name: `notify-remove-${state}`, // the state stands in the text: it chooses the index
        text: `delete from notify.delivery where id = any(array(
                 select id from notify.delivery
                 where state = '${state}' and ended < now() - $1 * interval '1 day' and created < $2
                 order by ended limit $3 for update skip locked))`,
        values: [days, new Date(takenIn), portion],
      })
      size = rowCount ?? 0
    }
  return removed
}

/**
 * Gives up what waits for other destinations than these; says for which, and how much. Only what has been due for an hour:
 * another process that knows the destination, as while the configuration changes, would have sent it.
 */
export async function giveUpRemoved(
  pool: pg.Pool,
  destinations: readonly string[],
): Promise<readonly { readonly destination: string; readonly count: number }[]> {
  const { rows } = await pool.query<{ destination: string; count: number }>(
    `with gone as (
       update notify.delivery set state = 'dead', reason = $2, ended = clock_timestamp()
       where state = 'waiting' and destination <> all($1) and due < now() - interval '1 hour'
       returning destination)
     select destination, count(*)::int count from gone group by destination order by destination`,
    [destinations, REMOVED],
  )
  return rows
}
