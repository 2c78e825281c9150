import type { Clock } from '@funnel/query-api'
import { formatTime, NONE } from '../ask/format.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { standingOf } from './standing.js'

/** Clocks as they stand, one a line; what they are parts of is told where one of them is. */
export const clockTable = (clocks: readonly Clock[]): string => {
  const now = Date.now()
  const families = clocks.some(({ parent }) => parent !== undefined)
  return table(
    ['stands', 'due', 'policy', 'of', 'party', 'owner', 'team', ...(families ? ['part of'] : [])].map((title) => ({
      title,
    })),
    clocks.map((clock) => [
      standingOf(clock, now),
      formatTime(clock.dueAt),
      `${clock.policy}@${clock.policyVersion}`,
      clock.lead === undefined ? clock.clock : `lead ${clock.lead}`,
      clock.party,
      clock.owner ?? NONE,
      clock.team ?? NONE,
      ...(families ? [clock.parent?.split('/')[0] ?? NONE] : []),
    ]),
    (text) => style('dim', text),
  )
}
