import type { Said } from '@funnel/domain'
import { typeOf, type FunnelEvent, type Recorded } from '@funnel/events'
import { AGREED } from '../agreed.js'
import { isTimer, type Timer } from '../reactor.js'
import { leadsOfAny, named, namedIn, neighbours } from '../ties/ties.js'

/** Of the policies about periods. */
export const PERIODS = 'periods'

/** Its own verdicts are nothing that a promise is about. */
export const isVerdict = (event: FunnelEvent): event is Extract<FunnelEvent, { readonly type: Said['type'] }> =>
  event.type.startsWith('sla.')

type Peek = (key: string) => unknown

/** What a step may touch: what was agreed, the periods, whom it names, and all that hangs together with them. */
export function keysOf(step: Recorded<FunnelEvent> | Timer, peek: Peek): string[] {
  if (!isTimer(step) && isVerdict(step.event)) return []
  const keys = new Set([AGREED, PERIODS, ...named(step)])
  for (const key of keys) for (const next of neighbours(key, peek(key))) keys.add(next)
  return [...keys]
}

/**
 * The leads that an event is about: the one that it names, or those of the visitor or persons that it names, before it and
 * after.
 */
export function leadsOf(event: FunnelEvent, peek: Peek): readonly string[] {
  const { category } = typeOf(event.type)!
  if (category === 'lead') return [(event.data as { readonly lead: string }).lead]
  return category === 'visitor' || category === 'person' ? leadsOfAny(namedIn(event), peek) : []
}
