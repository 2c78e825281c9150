import type pg from 'pg'
import type { Instant } from '@funnel/events'
import { recount, type Generation } from '@funnel/projections'

/** Throws unless the ledger counts what independent SQL counts over the events recorded up to `w`, and counts something. */
export async function assertRight(pool: pg.Pool, generation: Generation, w: Instant): Promise<void> {
  const numbers = await recount(pool, pool, generation, w)
  const wrong = numbers.filter(({ fromEvents, fromLedger }) => fromEvents !== fromLedger)
  if (wrong.length || !numbers.length) throw new Error(`the ledger is wrong: ${JSON.stringify(wrong)}`)
}
