import type { Dims } from '../line.js'
import type { Fact, FactOrder } from './fact.js'

/** What is folded together: a visitor's touches belong to a person, a person has leads, a lead has deals. */
export type NodeKind = 'visitor' | 'person' | 'lead' | 'deal'

export interface NodeRef {
  readonly kind: NodeKind
  readonly key: string
}

/** The touch that came first, with what dimensions are taken from. */
export interface FirstTouch extends FactOrder {
  readonly channel?: string
  readonly campaign?: string
}

interface Node {
  /** Why this subject is no longer folded: its fold threw. Until a rebuild with the mended fold. */
  readonly parked?: string
}

/** A visitor: its first touch and whose it is. Later touches leave no trace here, so that a busy visitor stays small. */
export interface VisitorState extends Node {
  readonly kind: 'visitor'
  readonly first?: FirstTouch
  /** The first identification by fact order; later ones do not move the visitor. */
  readonly identified?: FactOrder & { readonly person: string }
  /** Leads that named this visitor. */
  readonly leads: readonly string[]
}

export interface PersonState extends Node {
  readonly kind: 'person'
  /** First touches of the person's visitors; null for one without a touch yet. */
  readonly visitors: Readonly<Record<string, FirstTouch | null>>
  /** Leads that named this person. */
  readonly leads: readonly string[]
}

export interface LeadState extends Node {
  readonly kind: 'lead'
  /** In fact order. */
  readonly facts: readonly Fact[]
  /** First touch of its person, or of its visitor where no person is known. */
  readonly touch?: FirstTouch
  /** When its deals were won, those that stand. */
  readonly won: Readonly<Record<string, number>>
  /** Deals that named this lead. */
  readonly deals: readonly string[]
}

export interface DealState extends Node {
  readonly kind: 'deal'
  /** In fact order. */
  readonly facts: readonly Fact[]
  /** What the lead passes on: its dimension values, as known now. */
  readonly inherited: Dims
}

export type NodeState = VisitorState | PersonState | LeadState | DealState
type StateOf<K extends NodeKind> = Extract<NodeState, { kind: K }>

/** The states a fold may need, loaded beforehand. Plain JSON; never changed in place. */
export interface FoldState {
  get(ref: NodeRef): NodeState | undefined
  set(ref: NodeRef, state: NodeState): void
}

export const nodeId = ({ kind, key }: NodeRef): string => `${kind}:${key}`

/** A state that is not there yet is an empty one. */
export const emptyState = <K extends NodeKind>(kind: K): StateOf<K> => structuredClone(empty[kind]) as StateOf<K>

const empty: { readonly [K in NodeKind]: StateOf<K> } = {
  visitor: { kind: 'visitor', leads: [] },
  person: { kind: 'person', visitors: {}, leads: [] },
  lead: { kind: 'lead', facts: [], won: {}, deals: [] },
  deal: { kind: 'deal', facts: [], inherited: {} },
}

/** States in memory. */
export function memoryState(
  states: ReadonlyMap<string, NodeState> = new Map(),
): FoldState & { readonly all: Map<string, NodeState> } {
  const all = new Map(states)
  return { all, get: (ref) => all.get(nodeId(ref)), set: (ref, state) => all.set(nodeId(ref), state) }
}
