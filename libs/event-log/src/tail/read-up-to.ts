import { advance, type Positions, type Recorded } from '@funnel/events'
import type { EventTail } from '../ports.js'

const PAGE = 1000

/** What the log holds up to these positions, in the total order; of a partition that they do not name, nothing. */
export async function* readUpTo(tail: EventTail, upTo: Positions): AsyncGenerator<Recorded> {
  for (let place: Positions = {}; ;) {
    const records = await tail.read(place, upTo, PAGE)
    yield* records
    if (records.length < PAGE) return
    place = advance(place, records)
  }
}
