import { typeOf } from '@funnel/events'
import type { Happened } from '../decider.js'
import { latest, type Latest } from '../latest.js'
import type { Money } from './commands.js'

export type Outcome = 'open' | 'won' | 'lost'

/** What is known of a deal, as far as its decisions rest on it. */
export interface DealState {
  /** Anything was reported of it; before, it may be opened. */
  readonly known: boolean
  /** Absent: open. */
  readonly outcome: Latest<Outcome> | undefined
  readonly stage: Latest<string> | undefined
  readonly amount: Latest<Money> | undefined
  readonly owner: Latest<string> | undefined
  /** YYYY-MM-DD. */
  readonly day: Latest<string> | undefined
  /** By `contactKey`: whether the person has the role. */
  readonly contacts: ReadonlyMap<string, Latest<boolean>>
}

export const unknownDeal: DealState = {
  known: false,
  outcome: undefined,
  stage: undefined,
  amount: undefined,
  owner: undefined,
  day: undefined,
  contacts: new Map(),
}

export const outcomeOf = ({ outcome }: DealState): Outcome => outcome?.value ?? 'open'

/** A person in a role. */
export const contactKey = ({ person, role }: { readonly person: string; readonly role: string }): string =>
  JSON.stringify([person, role])

/** Takes in what was reported or decided about a deal; any fact may name its stage, amount or owner. */
export function evolveDeal(state: DealState, event: Happened): DealState {
  if (typeOf(event.type)?.category !== 'deal') return state
  const { stage, amount, owner, day } = event.data as {
    readonly stage?: string
    readonly amount?: Money
    readonly owner?: string
    readonly day?: string
  }
  return {
    known: true,
    outcome: latest(state.outcome, outcomes[event.type], event),
    stage: latest(state.stage, stage, event),
    amount: latest(state.amount, amount, event),
    owner: latest(state.owner, owner, event),
    day: latest(state.day, day, event),
    contacts: contactsAfter(state.contacts, event),
  }
}

const outcomes: { readonly [Type in Happened['type']]?: Outcome } = {
  'deal.won': 'won',
  'deal.lost': 'lost',
  'deal.reopened': 'open',
}

function contactsAfter(contacts: DealState['contacts'], event: Happened): DealState['contacts'] {
  if (event.type !== 'deal.contact-added' && event.type !== 'deal.contact-removed') return contacts
  const key = contactKey(event.data)
  return new Map(contacts).set(key, latest(contacts.get(key), event.type === 'deal.contact-added', event)!)
}
