import type pg from 'pg'

/** Bodies of one transaction. */
const BATCH = 500

/**
 * Removes the bodies of refused events that were received more than 30 days ago, in small transactions, until none is left
 * or the signal is aborted; returns how many. What was refused and why is kept.
 */
export async function forgetBodies(pool: pg.Pool, stop?: AbortSignal): Promise<number> {
  for (let total = 0; ;) {
    const { rows } = await pool.query<{ gone: number }>('select vault.forget_raw($1) as gone', [BATCH])
    const { gone } = rows[0]!
    total += gone
    if (gone < BATCH || stop?.aborted) return total
  }
}
