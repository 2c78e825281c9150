import type { Clock } from '@funnel/query-api'
import { formatTime, NONE } from '../ask/format.js'
import { style } from '../cli/style.js'
import { table } from '../cli/table.js'
import { standingOf } from './standing.js'

/** Clocks as they stand, one a line. */
export const clockTable = (clocks: readonly Clock[]): string => {
  const now = Date.now()
  return table(
    ['stands', 'due', 'policy', 'of', 'party', 'owner', 'team'].map((title) => ({ title })),
    clocks.map((clock) => [
      standingOf(clock, now),
      formatTime(clock.dueAt),
      `${clock.policy}@${clock.policyVersion}`,
      clock.lead === undefined ? clock.clock : `lead ${clock.lead}`,
      clock.party,
      clock.owner ?? NONE,
      clock.team ?? NONE,
    ]),
    (text) => style('dim', text),
  )
}
