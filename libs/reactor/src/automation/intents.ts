import type { Instant } from '@funnel/events'
import type { LeadCommand, PersonCommand, QueueCommand } from '@funnel/domain'

/** Gives a lead to the member of a queue whose turn it is, and offers it to them; to the queue where nobody can take it. */
export interface Route {
  readonly type: 'route'
  readonly lead: string
  readonly queue: string
  /** Name of the routing rule. */
  readonly rule: string
  /** How long the offer stands; milliseconds. */
  readonly patience: number
  readonly fallback: string
}

type MatchAccount = Extract<PersonCommand, { readonly type: 'person.match-account' }>

/** What automation asks for. */
export type Intended = LeadCommand | QueueCommand | MatchAccount | Route

/** What a timer of an offer knows. */
export interface Offered {
  readonly lead: string
  readonly handoff: string
}

export const offerTimer = ({ lead, handoff }: Offered): string => `offer/${lead}/${handoff}`

/** When an offer made at an instant ends. */
export const deadlineOf = (offered: Instant, { patience }: Route): Instant => offered + patience
