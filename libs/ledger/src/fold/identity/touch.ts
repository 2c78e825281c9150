import type { Versions } from '@funnel/definitions'
import { lineOf, type Line } from '../../line.js'
import { dimsOf, type About } from '../dims.js'
import { judgedAt, type Fact } from '../fact.js'
import type { FirstTouch } from '../state.js'
import { isDeclined } from './consent.js'

/** What a touch adds: itself. Its dimension values are its own and never change. */
export const touchLine = (visitor: string, fact: Fact, versions: Versions): Line =>
  lineOf('touch', 1, {
    occurred: fact.at,
    subject: { kind: 'visitor', id: visitor },
    dims: dimsOf(versions.at(judgedAt(fact)), 'touch', fact.data),
  })

/** The touch as the first of a visitor. */
export function firstTouch(fact: Fact): FirstTouch {
  const { at, rank, seq, id, data } = fact
  const { channel, campaign } = data as About
  return {
    at,
    rank,
    seq,
    id,
    ...(channel === undefined ? {} : { channel }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(isDeclined(fact) ? { declined: true } : {}),
  }
}
