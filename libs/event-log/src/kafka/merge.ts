import { positionOf, totalOrder, type Head, type Instant, type Recorded } from '@funnel/events'
import type { Lane } from './lane.js'

/** Part of the total order: `events` are all there is after what was cut before, up to `w`. */
export interface Cut {
  readonly events: readonly Recorded[]
  readonly w: Instant
  /** Lanes that have not got all up to the head yet, so that the cut ends before the head. */
  readonly blocked: readonly Lane[]
}

/**
 * Takes out of the lanes what may be handed on: all up to the head where every lane has got that far, else what comes
 * before anything that a blocked lane could still bring.
 */
export function cut(lanes: readonly Lane[], head: Head): Cut {
  const endOf = ({ share }: Lane) => positionOf(head.positions, share.topic, share.partition)
  const blocked = lanes.filter((lane) => lane.wanted <= endOf(lane) && (lane.tip?.recorded ?? 0) <= head.w)
  let bound: Recorded | undefined
  for (const lane of blocked) {
    const { tip } = lane
    if (!tip) return { events: [], w: 0, blocked }
    if (!bound || totalOrder(tip, bound) < 0) bound = tip
  }
  const events = lanes.flatMap((lane) => lane.take({ position: endOf(lane), w: head.w, bound }))
  events.sort(totalOrder)
  return { events, w: bound ? bound.recorded - 1 : head.w, blocked }
}
