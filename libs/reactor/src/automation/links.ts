import type { FunnelEvent, Recorded } from '@funnel/events'
import { isTimer, type Timer } from '../reactor.js'
import type { Kept, LeadKept, PersonKept, VisitorKept } from './kept.js'

export const visitorKey = (visitor: string): string => `visitor:${visitor}`
export const personKey = (person: string): string => `person:${person}`
export const leadKey = (lead: string): string => `lead:${lead}`
/** Of what was applied of the rules. */
export const RULES = 'rules'

type Peek = (key: string) => Kept | undefined

/**
 * What a step may touch: the rules, whom it names, and all that hangs together with them: the visitors and leads of a
 * person and of those that were merged with it. Grows from round to round while more of them is known.
 */
export function keysOf(step: Recorded<FunnelEvent> | Timer, peek: Peek): string[] {
  const keys = new Set([RULES, ...named(step)])
  for (const key of keys) for (const next of neighbours(key, peek(key))) keys.add(next)
  return [...keys]
}

/** The keys that hang together with this one. */
export function connected(key: string, peek: Peek): ReadonlySet<string> {
  const keys = new Set([key])
  for (const one of keys) for (const next of neighbours(one, peek(one))) keys.add(next)
  return keys
}

function named(step: Recorded<FunnelEvent> | Timer): string[] {
  const { visitor, person, lead, into, from } = (isTimer(step) ? step.data : step.event.data) as {
    readonly [name in 'visitor' | 'person' | 'lead' | 'into' | 'from']?: string
  }
  return [
    ...(visitor === undefined ? [] : [visitorKey(visitor)]),
    ...(lead === undefined ? [] : [leadKey(lead)]),
    ...[person, into, from].flatMap((one) => (one === undefined ? [] : [personKey(one)])),
  ]
}

function neighbours(key: string, kept: Kept | undefined): string[] {
  if (!kept || key === RULES) return []
  if (key.startsWith('person:')) {
    const { visitors, leads, same } = kept as PersonKept
    return [...visitors.map(visitorKey), ...leads.map(leadKey), ...same.map(personKey)]
  }
  const { person, visitor, leads } = kept as Partial<LeadKept & VisitorKept>
  return [
    ...(person === undefined ? [] : [personKey(person)]),
    ...(visitor === undefined ? [] : [visitorKey(visitor)]),
    ...(leads ?? []).map(leadKey),
  ]
}
