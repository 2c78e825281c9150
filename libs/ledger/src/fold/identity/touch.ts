import type { Versions } from '@funnel/definitions'
import type { Line } from '../../line.js'
import { dimsOf, type About } from '../dims.js'
import { judgedAt, type Fact } from '../fact.js'
import type { FirstTouch } from '../state.js'
import { saidOn } from './consent.js'

/** What a touch adds: itself. Its dimension values are its own and never change. */
export const touchLine = (visitor: string, fact: Fact, versions: Versions): Line => ({
  measure: 'touch',
  amount: 1,
  occurred: fact.at,
  subject: { kind: 'visitor', id: visitor },
  dims: dimsOf(versions.at(judgedAt(fact)), 'touch', fact.data),
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
