import type { Definitions } from '@funnel/definitions'
import { canonicalJson, type FunnelEvent, type Recorded } from '@funnel/events'
import { difference, type Entry, type Line } from '../line.js'
import { dealLines, leadOf, wonAtOf } from './deal.js'
import { factOf, factOrder, withFact, type Fact } from './fact.js'
import { leadLines, linksOf, passedOn } from './lead.js'
import { isFirst } from './missing.js'
import {
  emptyState,
  nodeId,
  type DealState,
  type FirstTouch,
  type FoldState,
  type LeadState,
  type NodeRef,
  type NodeState,
  type PersonState,
  type VisitorState,
} from './state.js'
import { earliest, firstTouch, touchLine } from './touch.js'

/** A subject whose fold threw, and the event at which it did. */
export interface Parked {
  readonly ref: NodeRef
  readonly reason: string
  readonly cause: Entry['cause']
}

export interface Folded {
  readonly entries: readonly Entry[]
  /** Nodes whose state is another one now. */
  readonly changed: readonly NodeRef[]
  /** Newly parked subjects. */
  readonly parked: readonly Parked[]
}

/**
 * Folds records of the total order into signed entries. Each entry is the difference that the event at hand makes to what
 * its subjects add to the measures; since records come in the order in which they became known, the sum of the entries
 * recorded up to T is what the facts recorded up to T add up to, for every T.
 *
 * Pure but for `state`, in which everything that `missing` names must be loaded. The same records in the same order give
 * the same entries, however they are cut into calls.
 *
 * A subject at which the fold throws (a bug) is parked: it keeps the lines it has, its later events change nothing, the
 * others go on.
 */
export function fold(state: FoldState, records: readonly Recorded<FunnelEvent>[], definitions: Definitions): Folded {
  const entries: Entry[] = []
  const changed = new Map<string, NodeRef>()
  const parked: Parked[] = []
  for (const record of records) {
    const lines: Line[] = []
    const { topic, partition, position, recorded } = record
    const cause = { topic, partition, position }
    const step = new Step(
      state,
      definitions,
      lines,
      (ref) => changed.set(nodeId(ref), ref),
      (ref, reason) => parked.push({ ref, reason, cause }),
    )
    step.take(record)
    for (const [ordinal, line] of difference([], lines).entries()) entries.push({ ...line, cause, ordinal, recorded })
  }
  return { entries, changed: [...changed.values()], parked }
}

/** What one event does: its own node first, then whoever reads what changed there. */
class Step {
  constructor(
    private readonly state: FoldState,
    private readonly definitions: Definitions,
    private readonly lines: Line[],
    private readonly onChange: (ref: NodeRef) => void,
    private readonly onPark: (ref: NodeRef, reason: string) => void,
  ) {}

  take(record: Recorded<FunnelEvent>): void {
    const { event } = record
    const fact = factOf(record)
    switch (event.type) {
      case 'touchpoint.recorded':
        this.lines.push(touchLine(fact, event.data, this.definitions))
        this.visitor(event.data.visitor, (visitor) =>
          isFirst(fact, visitor.first) ? { ...visitor, first: firstTouch(fact, event.data) } : visitor,
        )
        break
      case 'visitor.identified': {
        const { at, rank, seq, id } = fact
        this.visitor(event.data.visitor, (visitor) =>
          isFirst(fact, visitor.identified)
            ? { ...visitor, identified: { at, rank, seq, id, person: event.data.person } }
            : visitor,
        )
        break
      }
      case 'lead.captured':
      case 'lead.stage-entered':
        this.leadFact(event.data.lead, fact as Fact)
        break
      default:
        this.dealFact(event.data.deal, fact as Fact)
    }
  }

  private visitor(key: string, change: (visitor: VisitorState) => VisitorState): void {
    const before = this.get('visitor', key)
    const after = change(before)
    if (after === before) return
    this.set({ kind: 'visitor', key }, after)
    const from = before.identified?.person
    const to = after.identified?.person
    if (from !== undefined && from !== to)
      this.person(from, ({ visitors: { [key]: _, ...visitors }, ...person }) => ({ ...person, visitors }))
    if (to !== undefined)
      this.person(to, (person) => ({ ...person, visitors: { ...person.visitors, [key]: after.first ?? null } }))
    for (const lead of after.leads) this.touched(lead)
  }

  private person(key: string, change: (person: PersonState) => PersonState): void {
    const before = this.get('person', key)
    const after = change(before)
    this.set({ kind: 'person', key }, after)
    if (firstOf(before)?.id !== firstOf(after)?.id) for (const lead of after.leads) this.touched(lead)
  }

  /** The first touch of a lead may be another one now. */
  private touched(key: string): void {
    this.lead(key, (lead) => withTouch(lead, this.firstTouchOf(lead.facts)))
  }

  private firstTouchOf(facts: readonly Fact[]): FirstTouch | undefined {
    const { person, visitor } = linksOf(facts)
    if (person !== undefined) return firstOf(this.get('person', person))
    return visitor === undefined ? undefined : this.get('visitor', visitor).first
  }

  private leadFact(key: string, fact: Fact): void {
    const { person, visitor } = linksOf([fact])
    // whoever it names must know it, so as to tell it of a first touch to come
    if (person !== undefined) this.remember({ kind: 'person', key: person }, key)
    if (visitor !== undefined) this.remember({ kind: 'visitor', key: visitor }, key)
    this.lead(key, (lead) => {
      const facts = withFact(lead.facts, fact)
      return withTouch({ ...lead, facts }, this.firstTouchOf(facts))
    })
  }

  private lead(key: string, change: (lead: LeadState) => LeadState): void {
    const before = this.get('lead', key)
    const after = this.change({ kind: 'lead', key }, before, change, (lead) => leadLines(key, lead, this.definitions))
    if (!after) return
    const inherited = passedOn(after, this.definitions)
    if (canonicalJson(inherited) === canonicalJson(passedOn(before, this.definitions))) return
    for (const deal of after.deals) this.deal(deal, (state) => ({ ...state, inherited }))
  }

  private dealFact(key: string, fact: Fact): void {
    const before = this.get('deal', key)
    const facts = withFact(before.facts, fact)
    const lead = leadOf(facts)
    const inherited = lead === undefined ? {} : passedOn(this.get('lead', lead), this.definitions)
    const after = this.deal(key, (deal) => ({ ...deal, facts, inherited }))
    if (!after) return
    const from = leadOf(before.facts)
    if (from !== undefined && from !== lead)
      this.lead(from, ({ won: { [key]: _, ...won }, ...state }) => ({
        ...state,
        won,
        deals: state.deals.filter((deal) => deal !== key),
      }))
    if (lead === undefined) return
    const won = wonAtOf(after)
    const known = this.get('lead', lead)
    if (from === lead && known.won[key] === won) return
    this.lead(lead, ({ won: { [key]: _, ...others }, ...state }) => ({
      ...state,
      won: won === undefined ? others : { ...others, [key]: won },
      deals: state.deals.includes(key) ? state.deals : [...state.deals, key].toSorted(),
    }))
  }

  private deal(key: string, change: (deal: DealState) => DealState): DealState | undefined {
    return this.change({ kind: 'deal', key }, this.get('deal', key), change, (deal) =>
      dealLines(key, deal, this.definitions),
    )
  }

  /** Changes a node that has lines and books the difference; parks it when its lines cannot be told. */
  private change<S extends NodeState>(
    ref: NodeRef,
    before: S,
    change: (state: S) => S,
    linesOf: (state: S) => readonly Line[],
  ): S | undefined {
    if (before.parked !== undefined) return undefined
    try {
      const after = change(before)
      if (after === before) return undefined
      this.lines.push(...difference(linesOf(before), linesOf(after)))
      this.set(ref, after)
      return after
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.set(ref, { ...before, parked: reason })
      this.onPark(ref, reason)
      return undefined
    }
  }

  private remember(ref: { readonly kind: 'person' | 'visitor'; readonly key: string }, lead: string): void {
    const node = this.get(ref.kind, ref.key)
    if (!node.leads.includes(lead)) this.set(ref, { ...node, leads: [...node.leads, lead].toSorted() })
  }

  private get<K extends NodeState['kind']>(kind: K, key: string): Extract<NodeState, { kind: K }> {
    return (this.state.get({ kind, key }) ?? emptyState(kind)) as Extract<NodeState, { kind: K }>
  }

  private set(ref: NodeRef, state: NodeState): void {
    this.state.set(ref, state)
    this.onChange(ref)
  }
}

const firstOf = ({ visitors }: PersonState): FirstTouch | undefined => earliest(Object.values(visitors), factOrder)

function withTouch(lead: LeadState, touch: FirstTouch | undefined): LeadState {
  if (lead.touch?.id === touch?.id) return lead
  const { touch: _, ...rest } = lead
  return touch ? { ...rest, touch } : rest
}
