import type { FunnelEvent, Recorded } from '@funnel/events'
import { isTimer, type Timer } from '../reactor.js'
import { leadKey, personKey, visitorKey, withKey, withoutKey } from './keys.js'

// Who hangs together with whom: visitors, persons and leads. A reactor may keep more of each beside its ties.

/** What is kept of the ties of a lead. */
export type LeadTies = {
  readonly person?: string
  readonly visitor?: string
}

/** Of a visitor. */
export type VisitorTies = {
  readonly person?: string
  readonly leads: readonly string[]
}

/** Of a person. */
export type PersonTies = {
  readonly visitors: readonly string[]
  readonly leads: readonly string[]
  /** Ids that were merged with this one, whichever absorbed the other. */
  readonly same: readonly string[]
}

type Peek = (key: string) => unknown

/** A turn of whatever reactor: what it keeps beside the ties is kept on. */
export interface Keeping {
  readonly get: Peek
  readonly set: (key: string, state: never) => void
}

/** An event of one of these types. */
export type Of<Type extends FunnelEvent['type']> = Extract<FunnelEvent, { readonly type: Type }>

/** A visitor turned out to be a person; a shared device stays with whom it was first. */
export function identified({ data: { visitor, person } }: Of<'visitor.identified'>, turn: Keeping): void {
  const kept = visitorTies(turn, visitor)
  if (kept.person !== undefined) return
  keep(turn, visitorKey(visitor), { ...kept, person })
  const known = personTies(turn, person)
  keep(turn, personKey(person), { ...known, visitors: withKey(known.visitors, visitor) })
}

export function unlinked({ data: { visitor, person } }: Of<'visitor.unlinked'>, turn: Keeping): void {
  const { person: linked, ...kept } = visitorTies(turn, visitor)
  if (linked !== person) return
  keep(turn, visitorKey(visitor), kept)
  const known = personTies(turn, person)
  keep(turn, personKey(person), { ...known, visitors: withoutKey(known.visitors, visitor) })
}

/** Two ids are one person, or are so no more. */
export function joined(one: string, other: string, same: boolean, turn: Keeping): void {
  for (const [id, twin] of [
    [one, other],
    [other, one],
  ] as const) {
    const known = personTies(turn, id)
    keep(turn, personKey(id), { ...known, same: (same ? withKey : withoutKey)(known.same, twin) })
  }
}

/** A lead names its person or visitor; what it names itself is for its own state to tell. */
export function linked(lead: string, { person, visitor }: LeadTies, turn: Keeping): void {
  if (person !== undefined) {
    const known = personTies(turn, person)
    keep(turn, personKey(person), { ...known, leads: withKey(known.leads, lead) })
  }
  if (visitor !== undefined) {
    const known = visitorTies(turn, visitor)
    keep(turn, visitorKey(visitor), { ...known, leads: withKey(known.leads, lead) })
  }
}

/** The person that a lead names last, else the one that its visitor turned out to be. */
export function personBehind(lead: string, peek: Peek): string | undefined {
  const { person, visitor } = (peek(leadKey(lead)) as LeadTies | undefined) ?? {}
  return person ?? (visitor === undefined ? undefined : visitorTies({ get: peek }, visitor).person)
}

/**
 * The keys of whose deeds and fields are those of a lead: the visitor that it names, its person first and then the ids that
 * were merged with it, and all the visitors that they are. Whoever else names the same visitor is another's.
 */
export function behind(lead: string, peek: Peek): ReadonlySet<string> {
  const { visitor } = (peek(leadKey(lead)) as LeadTies | undefined) ?? {}
  const person = personBehind(lead, peek)
  const keys = new Set(visitor === undefined ? [] : [visitorKey(visitor)])
  const ids = new Set(person === undefined ? [] : [person])
  for (const id of ids) {
    const { visitors, same } = personTies({ get: peek }, id)
    for (const twin of same) ids.add(twin)
    for (const key of [personKey(id), ...visitors.map(visitorKey)]) keys.add(key)
  }
  return keys
}

/** The leads that any of these keys, of visitors or persons, is `behind`. */
export function leadsOfAny(keys: readonly string[], peek: Peek): readonly string[] {
  const near = new Set(keys.flatMap((key) => [...connected(key, peek)]))
  return [...near].flatMap((key) => {
    if (!key.startsWith(leadKey(''))) return []
    const lead = key.slice(leadKey('').length)
    const all = behind(lead, peek)
    return keys.some((one) => all.has(one)) ? [lead] : []
  })
}

/** The keys that hang together with this one however loosely, itself among them: wider than what is of one lead. */
function connected(key: string, peek: Peek): ReadonlySet<string> {
  const keys = new Set([key])
  for (const one of keys) for (const next of neighbours(one, peek(one))) keys.add(next)
  return keys
}

/** The keys of those that an event or the data of a timer name. */
export const named = (step: Recorded<FunnelEvent> | Timer): string[] => namedIn(isTimer(step) ? step : step.event)

/** The same, where data alone is at hand. */
export function namedIn({ data }: Pick<FunnelEvent, 'data'> | Pick<Timer, 'data'>): string[] {
  const { visitor, person, lead, into, from } = data as {
    readonly [name in 'visitor' | 'person' | 'lead' | 'into' | 'from']?: string
  }
  return [
    ...(visitor === undefined ? [] : [visitorKey(visitor)]),
    ...(lead === undefined ? [] : [leadKey(lead)]),
    ...[person, into, from].flatMap((one) => (one === undefined ? [] : [personKey(one)])),
  ]
}

/** The keys that a visitor, a person or a lead is tied to; none of what is something else. */
export function neighbours(key: string, kept: unknown): string[] {
  if (!kept) return []
  if (key.startsWith('person:')) {
    const { visitors, leads, same } = kept as PersonTies
    return [...visitors.map(visitorKey), ...leads.map(leadKey), ...same.map(personKey)]
  }
  if (!key.startsWith('visitor:') && !key.startsWith('lead:')) return []
  const { person, visitor, leads } = kept as Partial<LeadTies & VisitorTies>
  return [
    ...(person === undefined ? [] : [personKey(person)]),
    ...(visitor === undefined ? [] : [visitorKey(visitor)]),
    ...(leads ?? []).map(leadKey),
  ]
}

const visitorTies = (turn: Pick<Keeping, 'get'>, visitor: string): VisitorTies =>
  (turn.get(visitorKey(visitor)) as VisitorTies | undefined) ?? { leads: [] }
export const personTies = (turn: Pick<Keeping, 'get'>, person: string): PersonTies =>
  (turn.get(personKey(person)) as PersonTies | undefined) ?? { visitors: [], leads: [], same: [] }
const keep = (turn: Keeping, key: string, state: object): void => turn.set(key, state as never)
