import type { AppliedHistory, Definitions, Versions } from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { factOf, factOrder, type Fact } from '../fold/fact.js'
import { fold } from '../fold/fold.js'
import { rootOf } from '../fold/identity/person.js'
import { linksOf } from '../fold/lead/parents.js'
import { NodeMap, stateOf, type DealState, type LeadState, type NodeState } from '../fold/state.js'

/** What claims are made by: what the read models are folded with, and which rule was in force when. */
export interface Agreed {
  /** Those in force now. */
  readonly definitions: Definitions
  readonly versions: Versions
  /** Of kinds `qualification` and `channels` at least. */
  readonly history: AppliedHistory
}

/** A fact with who says it. */
export type Told = Fact & { readonly source: string }

/** A lead with all that is known of it. */
export interface KnownLead {
  readonly id: string
  readonly state: LeadState
  /** In fact order. */
  readonly facts: readonly Told[]
  /** What its visitors did, in fact order. */
  readonly touches: readonly Told[]
  /** To which companies its person was matched, in fact order. */
  readonly matches: readonly Told[]
}

export interface KnownDeal {
  readonly id: string
  readonly facts: readonly Told[]
}

/** The facts of a component, folded: who is whose is worked out as for every number. */
export interface Known {
  readonly lead: (id: string) => KnownLead | undefined
  readonly deal: (id: string) => KnownDeal | undefined
}

/** Takes in events of the total order; what is not among them is not known. Pure. */
export function knownFrom(records: readonly Recorded<FunnelEvent>[], versions: Versions): Known {
  const state = new NodeMap<NodeState>()
  fold(state, records, versions)
  const sources = new Map(records.map(({ event: { id, source } }) => [id, source]))
  const told = (facts: readonly Fact[]): Told[] => facts.map((fact) => ({ ...fact, source: sources.get(fact.id)! }))
  return {
    lead: (id) => {
      const lead = state.get({ kind: 'lead', key: id }) as LeadState | undefined
      if (!lead?.facts.length) return undefined
      const visitors = visitorsOf(lead, state)
      const inOrder = (found: (event: FunnelEvent) => boolean) =>
        told(
          records
            .filter(({ event }) => found(event))
            .map(factOf)
            .toSorted(factOrder),
        )
      return {
        id,
        state: lead,
        facts: told(lead.facts),
        touches: inOrder((event) => event.type === 'touchpoint.recorded' && visitors.has(event.data.visitor)),
        matches: inOrder(
          ({ type, data }) => type === 'person.account-matched' && rootOf(state, data.person) === lead.person,
        ),
      }
    },
    deal: (id) => {
      const deal = state.get({ kind: 'deal', key: id }) as DealState | undefined
      return deal?.facts.length ? { id, facts: told(deal.facts) } : undefined
    },
  }
}

/** All that the lead's person was identified as, under any id that is merged into it; and the visitor that the lead names. */
function visitorsOf({ facts, person }: LeadState, state: NodeMap<NodeState>) {
  const { visitor } = linksOf(facts)
  const visitors = new Set(visitor === undefined ? [] : [visitor])
  if (person === undefined) return visitors
  for (const key of state.of('visitor').keys()) {
    const { identified } = stateOf(state, 'visitor', key)
    if (identified && rootOf(state, identified.person) === person) visitors.add(key)
  }
  return visitors
}
