import { createHash } from 'node:crypto'
import { matchKeys } from '@funnel/domain'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { isTimer, type Timer } from '../reactor.js'
import { AGREED } from '../agreed.js'
import { leadKey } from '../ties/keys.js'
import { named, neighbours } from '../ties/ties.js'
import type { AccountKept, Kept, LeadKept, PlaceKept } from './kept.js'
import { placesIn, placesOf, workplaceOf } from './workplace.js'

export const accountKey = (account: string): string => `account:${account}`

/** What a place is kept under as it is, in characters; with three bytes each it is within the 2704 that an index takes. */
const LONGEST_PLACE = 500

/** The key that a place is kept under; however long the place is, an index takes it. */
export const placeKey = (place: string): string =>
  place.length <= LONGEST_PLACE ? `place:${place}` : `place:${createHash('sha256').update(place).digest('hex')}`

type Peek = (key: string) => Kept | undefined

/**
 * What a step may touch: the rules, whom it names, and all that hangs together with them: the visitors and leads of a person
 * and of those that were merged with it; the companies that a lead may be matched to, and the leads that may be to a company.
 * Grows from round to round while more of them is known.
 */
export function keysOf(step: Recorded<FunnelEvent> | Timer, peek: Peek): string[] {
  const matching = !isTimer(step) && MATCHING.has(step.event.type)
  const keys = new Set([AGREED, ...named(step), ...(matching ? worked(step.event, peek) : [])])
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
