import type { Definitions } from '@funnel/definitions'
import type { DataOf, touchpointRecorded } from '@funnel/events'
import type { Line } from '../line.js'
import { dimsOf, type About } from './dims.js'
import type { FactOrder } from './fact.js'
import type { FirstTouch } from './state.js'

type Touch = DataOf<typeof touchpointRecorded>

/** What a touch adds: itself. Its dimension values are its own and never change. */
export function touchLine(fact: FactOrder, data: Touch, definitions: Definitions): Line {
  const about = data as About
  return {
    measure: 'touch',
    amount: 1,
    occurred: fact.at,
    subject: { kind: 'visitor', id: data.visitor },
    dims: dimsOf(definitions, 'touch', about, about),
  }
}

/** The touch as the first of a visitor. */
export const firstTouch = ({ at, rank, seq, id }: FactOrder, { channel, campaign }: Touch): FirstTouch => ({
  at,
  rank,
  seq,
  id,
  ...(channel === undefined ? {} : { channel }),
  ...(campaign === undefined ? {} : { campaign }),
})

/** The earliest of some touches by fact order. */
export function earliest(
  touches: Iterable<FirstTouch | null | undefined>,
  before: (a: FactOrder, b: FactOrder) => number,
): FirstTouch | undefined {
  let first: FirstTouch | undefined
  for (const touch of touches) if (touch && (!first || before(touch, first) < 0)) first = touch
  return first
}
