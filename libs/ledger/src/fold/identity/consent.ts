import type { FunnelEvent } from '@funnel/events'
import { factOrder, type Fact, type FactOrder } from '../fact.js'
import type { Message } from '../node.js'
import type { Consent, FirstTouch } from '../state.js'

type Purposes = Readonly<Record<string, boolean>>
type Recorded = Extract<FunnelEvent, { readonly type: 'person.consent-recorded' }>

/** The word on attribution: what touches may be used for to tell where leads and deals come from. */
export const saidOn = (purposes: Purposes | undefined): boolean | undefined =>
  purposes && Object.hasOwn(purposes, 'attribution') ? purposes['attribution'] : undefined

/** What a person is told of its own word; nothing where it is about other purposes. */
export function consentIn({ person, purposes }: Recorded['data'], { at, rank, seq, id }: FactOrder): Message[] {
  const given = saidOn(purposes)
  return given === undefined ? [] : [{ kind: 'person', key: person, news: { consent: { at, rank, seq, id, given } } }]
}

/**
 * Whether a touch may be attributed: it was not declined itself, and the last word of its person before it, `consents` in
 * fact order, was not no. Without a word it may.
 */
export const isAttributable = (touch: FirstTouch, consents: readonly Consent[] = []): boolean =>
  !touch.declined && consents.findLast((consent) => factOrder(consent, touch) < 0)?.given !== false

/** Whether the visitor said no to attribution at this very touch. */
export const isDeclined = ({ data }: Fact): boolean => saidOn(data['consent'] as Purposes | undefined) === false

/** Whether a touch comes before the first one known of its visitor: one that was declined only while no other is known. */
export function comesFirst(touch: Fact, first: FirstTouch | undefined): boolean {
  if (!first) return true
  const declined = isDeclined(touch)
  return declined === (first.declined ?? false) ? factOrder(touch, first) < 0 : !declined
}
