import { FunnelError, type Instant } from '@funnel/events'

/** The first year that is reckoned with, and the first one that is not: what keeps a compiled calendar small. */
export const YEARS = { from: 1970, to: 2100 } as const
const FIRST = Date.UTC(YEARS.from, 0)
const LAST = Date.UTC(YEARS.to, 0)

/** The instant, if it is a whole number of milliseconds in the years that are reckoned with; else throws INVALID. */
export function instantOf(instant: Instant): Instant {
  if (Number.isInteger(instant) && instant >= FIRST && instant <= LAST) return instant
  throw new FunnelError(
    'INVALID',
    `${instant} is no instant from ${YEARS.from} up to ${YEARS.to}, in whole milliseconds`,
    { instant },
  )
}

/** The budget, if it is a whole number of milliseconds from 0; else throws INVALID. */
export function budgetOf(budget: number): number {
  if (Number.isSafeInteger(budget) && budget >= 0) return budget
  throw new FunnelError('INVALID', `${budget} is no budget: a whole number of milliseconds, from 0`, { budget })
}
