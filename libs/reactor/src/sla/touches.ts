import type { ValueOf } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { mayBeAttributed } from '../ties/attribution.js'
import { leadKey, personKey, visitorKey } from '../ties/keys.js'
import { behind, personTies, type Of } from '../ties/ties.js'
import type { Step } from './intents.js'
import type { LeadKept, PersonKept, VisitorKept } from './kept.js'

/** Keeps the first touch of a visitor that may be attributed. */
export function touched({ data }: Of<'touchpoint.recorded'>, at: Instant, turn: Step): void {
  const { visitor, channel, campaign, consent } = data
  const key = visitorKey(visitor)
  const kept: VisitorKept = { leads: [], ...(turn.get(key) as VisitorKept | undefined) }
  if (consent?.['attribution'] === false || (kept.first && kept.first.at <= at)) return
  const first = { at, ...(channel !== undefined && { channel }), ...(campaign !== undefined && { campaign }) }
  turn.set(key, { ...kept, first })
}

/** A person was found to belong to a company. */
export function matched({ data: { person, account } }: Of<'person.account-matched'>, turn: Step): void {
  turn.set(personKey(person), { ...personTies(turn, person), account })
}

/**
 * What is known of a lead: its own fields; its first touch as the first that may be attributed of its visitors; its company,
 * where it tells none itself, as that of its person.
 */
export const valuesOf =
  (lead: string, turn: Pick<Step, 'get'>): ValueOf =>
  (field) => {
    const own = (turn.get(leadKey(lead)) as LeadKept | undefined)?.fields[field]
    if (own || !inherited.includes(field)) return own?.value
    const keptOf = <One>(keyOf: (id: string) => string) =>
      [...behind(lead, turn.get)].flatMap((key) =>
        key.startsWith(keyOf('')) ? [turn.get(key) as One | undefined] : [],
      )
    const persons = keptOf<PersonKept>(personKey)
    if (field === 'account') return persons.flatMap((person) => person?.account ?? [])[0]
    const consents = persons.flatMap((person) => person?.consents ?? [])
    const touches = keptOf<VisitorKept>(visitorKey).flatMap((visitor) => visitor?.first ?? [])
    const first = touches.filter((touch) => mayBeAttributed(touch, consents)).toSorted((a, b) => a.at - b.at)[0]
    return field === 'first-touch.channel' ? first?.channel : first?.campaign
  }

/** What a lead may have from its person or visitors, so that it changes with what becomes known of them. */
const inherited: readonly string[] = ['account', 'first-touch.channel', 'first-touch.campaign']

/** The values of these fields, to be compared. */
export const inheritedBy = (lead: string, turn: Pick<Step, 'get'>): string =>
  JSON.stringify(inherited.map(valuesOf(lead, turn)))
