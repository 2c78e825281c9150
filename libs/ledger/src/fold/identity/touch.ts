import type { Definitions } from '@funnel/definitions'
import type { Line } from '../../line.js'
import { dimsNow, type About } from '../dims.js'
import type { Fact } from '../fact.js'
import type { FirstTouch } from '../state.js'
import { saidOn } from './consent.js'

/** What a touch adds: itself. Its dimension values are its own and never change. */
export const touchLine = (visitor: string, { at, data }: Fact, definitions: Definitions): Line => ({
  measure: 'touch',
  amount: 1,
  occurred: at,
  subject: { kind: 'visitor', id: visitor },
  dims: dimsNow(definitions, 'touch', data, {}),
})

/** The touch as the first of a visitor. */
export function firstTouch({ at, rank, seq, id, data }: Fact): FirstTouch {
  const { channel, campaign } = data as About
  const said = saidOn(data['consent'] as Readonly<Record<string, boolean>> | undefined)
  return {
    at,
    rank,
    seq,
    id,
    ...(channel === undefined ? {} : { channel }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(said === false ? { declined: true } : {}),
  }
}
