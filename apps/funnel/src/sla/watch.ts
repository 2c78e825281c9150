import { WatchClocksResponse, type Clock, type ClockChange } from '@funnel/query-api'
import type { Instant } from '@funnel/events'
import { footer, show } from '../ask/footer.js'
import { formatTime } from '../ask/format.js'
import { print, printJson } from '../cli/print.js'
import { style } from '../cli/style.js'
import { pad } from '../cli/table.js'
import { clockTable } from './clock-table.js'
import { standingOf } from './standing.js'

/** Prints watched clocks: the open ones, `limit` at most, then a line for each change; as JSON each answer as it comes. */
export async function printWatched(
  answers: AsyncIterable<WatchClocksResponse>,
  { json, limit }: { readonly json?: boolean; readonly limit: number },
): Promise<void> {
  const open: Clock[] = []
  let more = 0
  let isStarted = false
  for await (const answer of answers) {
    if (json) {
      printJson(WatchClocksResponse.toJSON(answer))
      continue
    }
    const room = Math.max(0, limit - open.length)
    open.push(...answer.clocks.slice(0, room))
    more += answer.clocks.slice(room).length
    if (answer.resumeToken && !isStarted) {
      isStarted = true
      show(
        open.length ? clockTable(open) : 'no promise of those you ask for waits to be fulfilled',
        footer(answer.basis, undefined, `${more ? `${more} more; ` : ''}what changes follows`),
      )
    }
    for (const change of answer.changes) print(changeLine(change, Date.now()))
  }
}

/** What was said of a clock, and how it stands, in a line. */
export function changeLine({ event, clock }: ClockChange, now: Instant): string {
  if (!event || !clock) return ''
  const of = clock.lead === undefined ? clock.clock : `lead ${clock.lead}`
  return [
    style('dim', formatTime(event.recordedAt)),
    style('cyan', pad(event.type, 13)),
    `${clock.policy}@${clock.policyVersion} of ${of}${clock.owner === undefined ? '' : ` (${clock.owner})`}: ${standingOf(clock, now)}`,
  ].join('  ')
}
