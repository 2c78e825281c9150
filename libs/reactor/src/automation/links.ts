import { matchKeys } from '@funnel/domain'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { isTimer, type Timer } from '../reactor.js'
import type { AccountKept, Kept, LeadKept, PersonKept, PlaceKept, VisitorKept } from './kept.js'
import { placesIn, placesOf, workplaceOf } from './workplace.js'

export const visitorKey = (visitor: string): string => `visitor:${visitor}`
export const personKey = (person: string): string => `person:${person}`
export const leadKey = (lead: string): string => `lead:${lead}`
/** Of what was applied of the rules. */
export const RULES = 'rules'

export const accountKey = (account: string): string => `account:${account}`
export const placeKey = (place: string): string => `place:${place}`

type Peek = (key: string) => Kept | undefined

/**
 * What a step may touch: the rules, whom it names, and all that hangs together with them: the visitors and leads of a person
 * and of those that were merged with it; the companies that a lead may be matched to, and the leads that may be to a company.
 * Grows from round to round while more of them is known.
 */
export function keysOf(step: Recorded<FunnelEvent> | Timer, peek: Peek): string[] {
  const matching = !isTimer(step) && MATCHING.has(step.event.type)
  const keys = new Set([RULES, ...named(step), ...(matching ? worked(step.event, peek) : [])])
  for (const key of keys) {
    const kept = peek(key)
    for (const next of neighbours(key, kept)) keys.add(next)
    if (matching) for (const next of companies(key, kept)) keys.add(next)
  }
  return [...keys]
}

/** What people are matched to companies by. */
const MATCHING: ReadonlySet<FunnelEvent['type']> = new Set([
  'lead.captured',
  'lead.enriched',
  'lead.engaged',
  'lead.stage-entered',
  'visitor.identified',
  'account.recorded',
])

/** Where an event says that somebody works, and a company the leads that wait for it. */
function worked({ type, data }: FunnelEvent, peek: Peek): string[] {
  if (type !== 'account.recorded') return 'properties' in data ? placesIn(data.properties ?? {}).map(placeKey) : []
  const { account } = data
  const known = peek(accountKey(account)) as AccountKept | undefined
  const places = [...matchKeys(data), ...matchKeys(known ?? {})].map(placeKey)
  const waiting = places.flatMap((place) => (peek(place) as PlaceKept | undefined)?.waiting ?? [])
  return [accountKey(account), ...places, ...waiting.map(leadKey)]
}

/** From a lead over where its person works to the companies there. */
function companies(key: string, kept: Kept | undefined): string[] {
  if (key.startsWith('lead:') && kept) return placesOf(workplaceOf(kept as LeadKept)).map(placeKey)
  return key.startsWith('place:') && kept ? (kept as PlaceKept).accounts.map(accountKey) : []
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
  if (!kept || key === RULES || /^(account|place):/.test(key)) return []
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
