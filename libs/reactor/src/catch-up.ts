import type { EventTail } from '@funnel/event-log'
import { advance, covers, type Head } from '@funnel/events'
import { takeBatch, type Acting } from './batch.js'
import type { Json } from './reactor.js'

const PAGE = 1000

/**
 * Brings a reactor up to the head of the store, and on until nothing follows any more from what it caused itself; for a
 * process that has the store to itself, as a simulation. `head` moves the watermark on and gives it.
 */
export async function catchUp<State extends Json, Command>(
  acting: Acting<State, Command>,
  tail: Pick<EventTail, 'read'>,
  head: () => Promise<Head>,
): Promise<void> {
  const { keep } = acting
  for (;;) {
    const { positions, w } = await head()
    const { positions: place } = keep.place
    const events = await tail.read(place, positions, PAGE)
    const next = advance(place, events)
    const took = await takeBatch(acting, {
      events,
      positions: next,
      w: covers(next, positions) ? w : events.at(-1)!.recorded - 1,
    })
    if (!took) return
  }
}
