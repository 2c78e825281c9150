import type { FunnelEvent, Instant } from '@funnel/events'
import type { Turn } from '../reactor.js'
import type { Intended } from './intents.js'
import {
  withDeed,
  withKey,
  type FirstTouch,
  type Kept,
  type LeadKept,
  type PersonKept,
  type VisitorKept,
} from './kept.js'
import { leadKey, personKey, visitorKey } from './links.js'

export type Step = Turn<Kept, Intended>
/** An event of one of these types. */
export type Of<Type extends FunnelEvent['type']> = Extract<FunnelEvent, { readonly type: Type }>

export const visitorOf = (turn: Pick<Step, 'get'>, visitor: string): VisitorKept =>
  (turn.get(visitorKey(visitor)) as VisitorKept | undefined) ?? { leads: [], deeds: [] }
export const personOf = (turn: Pick<Step, 'get'>, person: string): PersonKept =>
  (turn.get(personKey(person)) as PersonKept | undefined) ?? { visitors: [], leads: [], same: [] }
export const leadOf = (turn: Pick<Step, 'get'>, lead: string): LeadKept =>
  (turn.get(leadKey(lead)) as LeadKept | undefined) ?? { fields: {}, deeds: [] }

/** A visitor did something. */
export function touched({ id, type, data }: Of<'touchpoint.recorded'>, at: Instant, turn: Step): void {
  const { visitor, kind, channel, campaign, consent } = data
  const { first, ...kept } = visitorOf(turn, visitor)
  const touch: FirstTouch = {
    id,
    at,
    ...(channel !== undefined && { channel }),
    ...(campaign !== undefined && { campaign }),
  }
  const deeds = withDeed(kept.deeds, { id, type, kind, at })
  const earliest = consent?.['attribution'] !== false && (!first || at < first.at) ? touch : first
  turn.set(visitorKey(visitor), { ...kept, deeds, ...(earliest && { first: earliest }) })
}

/** A person said what its touches may be used for. */
export function said({ data: { person, purposes } }: Of<'person.consent-recorded'>, at: Instant, turn: Step): void {
  const given = purposes['attribution']
  if (given === undefined) return
  const known = personOf(turn, person)
  turn.set(personKey(person), { ...known, consents: [...(known.consents ?? []), { at, given }] })
}

/** A visitor turned out to be a person; a shared device stays with whom it was first. */
export function identified({ data: { visitor, person } }: Of<'visitor.identified'>, turn: Step): void {
  const kept = visitorOf(turn, visitor)
  if (kept.person !== undefined) return
  turn.set(visitorKey(visitor), { ...kept, person })
  const known = personOf(turn, person)
  turn.set(personKey(person), { ...known, visitors: withKey(known.visitors, visitor) })
}

export function unlinked({ data: { visitor, person } }: Of<'visitor.unlinked'>, turn: Step): void {
  const { person: linked, ...kept } = visitorOf(turn, visitor)
  if (linked !== person) return
  turn.set(visitorKey(visitor), kept)
  const known = personOf(turn, person)
  turn.set(personKey(person), { ...known, visitors: without(known.visitors, visitor) })
}

/** Two ids are one person, or are so no more. */
export function joined(one: string, other: string, same: boolean, turn: Step): void {
  for (const [id, twin] of [
    [one, other],
    [other, one],
  ] as const) {
    const known = personOf(turn, id)
    turn.set(personKey(id), { ...known, same: same ? withKey(known.same, twin) : without(known.same, twin) })
  }
}

/** A lead names its person or visitor. */
export function linked(lead: string, { person, visitor }: { person?: string; visitor?: string }, turn: Step): void {
  if (person !== undefined) {
    const known = personOf(turn, person)
    turn.set(personKey(person), { ...known, leads: withKey(known.leads, lead) })
  }
  if (visitor !== undefined) {
    const known = visitorOf(turn, visitor)
    turn.set(visitorKey(visitor), { ...known, leads: withKey(known.leads, lead) })
  }
}

const without = (keys: readonly string[], key: string): readonly string[] => keys.filter((one) => one !== key)
