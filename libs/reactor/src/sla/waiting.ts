import type pg from 'pg'

/** A count takes at most this share of the time. */
const SHARE = 0.01

/** One that takes so long is given up: the database may have hung, or be gone without a word. Milliseconds. */
const PATIENCE = 60_000

/**
 * How many clocks have a warning, a deadline or an escalation ahead of them: as counted last, and counted anew when that
 * took less than a hundredth of the time since then. Who asks meanwhile has the same count. Throws what the database does,
 * and where it does not answer within a minute.
 */
export function waitingClocks(pool: Pick<pg.Pool, 'query'>, now: () => number = () => performance.now()) {
  let count: Promise<number> | undefined
  let again = 0
  return (): Promise<number> => {
    if (count && now() < again) return count
    const begun = now()
    // until it is known how long it takes, nobody else begins
    again = Infinity
    const counting = counted(pool).finally(() => {
      again = now() + (now() - begun) / SHARE
    })
    // one that failed is tried at the next scrape
    counting.catch(() => (count = undefined))
    return (count = counting)
  }
}

const COUNT = {
  text: `select count(*) from reactor.timer where reactor = 'sla-monitor' and data ? 'clock' and not data ? 'over'`,
  query_timeout: PATIENCE,
}

async function counted(pool: Pick<pg.Pool, 'query'>): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(COUNT)
  return Number(rows[0]!.count)
}
