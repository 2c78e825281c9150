import { lastNamed, type Fact } from '../fact.js'
import { isAttributable } from '../identity/consent.js'
import { firstOf, rootOf } from '../identity/person.js'
import type { Context } from '../node.js'
import { stateOf, type LeadState } from '../state.js'

/** Person and visitor that a lead's facts name: the latest of each by fact order. */
export const linksOf = (facts: readonly Fact[]): { person: string | undefined; visitor: string | undefined } => ({
  person: lastNamed(facts, 'person'),
  visitor: lastNamed(facts, 'visitor'),
})

/**
 * The lead as its parents are now: of the person it names; else of the person its visitor turned out to be; else of the
 * visitor itself. An id that is absorbed stands for the person it is merged into. Touches before the link count: they are
 * the parent's.
 */
export function withParents(lead: LeadState, { state }: Context): LeadState {
  const links = linksOf(lead.facts)
  const visitor = links.visitor === undefined ? undefined : stateOf(state, 'visitor', links.visitor)
  const named = links.person ?? visitor?.identified?.person
  const person = named === undefined ? undefined : rootOf(state, named)
  const own = visitor?.first && isAttributable(visitor.first) ? visitor.first : undefined
  const touch = person === undefined ? own : firstOf(stateOf(state, 'person', person))
  if (person === lead.person && touch?.id === lead.touch?.id) return lead
  const { person: _, touch: __, ...rest } = lead
  return { ...rest, ...(person === undefined ? {} : { person }), ...(touch ? { touch } : {}) }
}
