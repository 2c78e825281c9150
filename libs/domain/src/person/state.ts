import type { Happened } from '../decider.js'

/** What is known of an id, as far as its decisions rest on it. */
export interface KnownPerson {
  /** The person that it is absorbed into. */
  readonly into?: string
  /** The company that it was matched to last. */
  readonly account?: string
  readonly erased?: true
}

/** By id: a merge is about two. An id that is not there has no decisions yet. */
export type PersonState = ReadonlyMap<string, KnownPerson>

/**
 * Takes in a decision. As in every fold an absorbed id stays with the one that absorbed it until that one lets it go, and of
 * the two events of a merge the one of the absorbed id tells.
 */
export function evolvePerson(state: PersonState, { type, data }: Happened): PersonState {
  switch (type) {
    case 'person.absorbed': {
      const known = state.get(data.person)
      return known?.into === undefined ? new Map(state).set(data.person, { ...known, into: data.into }) : state
    }
    case 'person.released': {
      const { into, ...rest } = state.get(data.person) ?? {}
      return into === data.from ? new Map(state).set(data.person, rest) : state
    }
    case 'person.account-matched':
      return new Map(state).set(data.person, { ...state.get(data.person), account: data.account })
    case 'person.erased':
      return new Map(state).set(data.person, { ...state.get(data.person), erased: true })
    default:
      return state
  }
}
