import { advance, FunnelError, type Head, type Positions } from '@funnel/events'
import type { Batch, EventTail } from '../ports.js'
import { assertDense, assertNotAhead } from './guards.js'
import { restrict, type Partition } from './shares.js'

/** The next batch of these partitions from the store after `place`, up to the head; may be empty. */
export async function readBatch(
  tail: EventTail,
  { place, held, head, limit }: { place: Positions; held: readonly Partition[]; head: Head; limit: number },
): Promise<Batch> {
  assertNotAhead(place, head, held)
  const upTo = restrict(head.positions, held)
  const page = await tail.read(restrict(place, held), upTo, limit)
  assertDense(page, { after: place, upTo, held, full: page.length >= limit })
  // the head's positions may already count events recorded after its watermark
  const events = page.filter(({ recorded }) => recorded <= head.w)
  const last = events.at(-1)
  const more = last !== undefined && events.length === page.length && page.length >= limit
  return { events, w: more ? last.recorded - 1 : head.w, positions: advance(place, events) }
}

/** Throws LOG_AHEAD when the store became another one while it was read. */
export function sameEpoch(before: Head | undefined, now: Head): Head {
  if (before && before.epoch !== now.epoch)
    throw new FunnelError(
      'LOG_AHEAD',
      'The store was replaced while its log was read. Re-create the topics and rebuild.',
      {
        before: before.epoch,
        now: now.epoch,
      },
    )
  return now
}
