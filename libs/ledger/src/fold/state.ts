import type { Instant } from '@funnel/events'
import type { Dims } from '../line.js'
import type { Passed } from './dims.js'
import type { Fact, FactOrder } from './fact.js'

/** What is folded together: a visitor's touches belong to a person, a person has leads, a lead has deals and clocks. */
export type NodeKind = 'visitor' | 'person' | 'lead' | 'deal' | 'clock'

export interface NodeRef {
  readonly kind: NodeKind
  readonly key: string
}

/** The touch that came first, with what dimensions are taken from. */
export interface FirstTouch extends FactOrder {
  readonly channel?: string
  readonly campaign?: string
  /** Its visitor said no to attribution at this very touch. */
  readonly declined?: true
}

/** A word of a person on the purpose `attribution`. */
export interface Consent extends FactOrder {
  readonly given: boolean
}

interface Node {
  /** Why this subject is no longer folded: its fold threw. Until a rebuild with the mended fold. */
  readonly parked?: string
}

/** A visitor: its first touch and whose it is. Later touches leave no trace here, so that a busy visitor stays small. */
export interface VisitorState extends Node {
  readonly kind: 'visitor'
  /** The first of those that were not declined; while there is none, the first that was. */
  readonly first?: FirstTouch
  /** The first identification by fact order of those that count; later ones do not move the visitor. */
  readonly identified?: FactOrder & { readonly person: string }
  /** The last unlink that undid an identification: what happened before it identifies nobody any more. */
  readonly unlinked?: FactOrder
  /** Leads that named this visitor at any time. */
  readonly leads: readonly string[]
}

/** An id of a person, with what was recorded under it. Ids that were merged make a tree, whose root is the person. */
export interface PersonState extends Node, Traces {
  readonly kind: 'person'
  /** Leads that named this id, or one of its visitors, at any time: whom to tell of another first touch. */
  readonly leads: readonly string[]
  /** The id that it is absorbed into. */
  readonly into?: string
  /** The id that it is to be absorbed into once that one is no longer within it. */
  readonly waiting?: string
  /** The ids that are absorbed into it, sorted, each with the traces of all that is merged into that one. */
  readonly absorbed?: readonly Absorbed[]
  /** The company that it was matched to last. */
  readonly account?: string
  /** First captures of the leads that are this person's, one each, by time and then lead; absent where there are none. */
  readonly captures?: readonly Capture[]
}

/** The first capture of a lead, as its person counts it. */
export interface Capture {
  readonly lead: string
  readonly at: Instant
  /** The lead's dimension values at it. */
  readonly dims: Dims
}

/** What the first touch of a person is found from. */
export interface Traces {
  /** First touches of the visitors that were identified as this id, one each, in fact order. */
  readonly touches: readonly (FirstTouch & { readonly visitor: string })[]
  /** What was said on attribution under this id, in fact order; absent where nothing was. */
  readonly consents?: readonly Consent[]
}

export interface Absorbed extends Traces {
  readonly person: string
}

export interface LeadState extends Node {
  readonly kind: 'lead'
  /** In fact order. */
  readonly facts: readonly Fact[]
  /**
   * Whose lead it is: the person its facts name, else the one that its visitor turned out to be; of an id that is absorbed,
   * the person it is merged into.
   */
  readonly person?: string
  /** First touch of the person, or of the visitor where no person is known. */
  readonly touch?: FirstTouch
  /** When its deals were won, those that stand. */
  readonly won: Readonly<Record<string, Instant>>
  /** Deals whose lead this is. */
  readonly deals: readonly string[]
  /** Clocks that are about it; absent where there are none. */
  readonly clocks?: readonly string[]
}

export interface DealState extends Node {
  readonly kind: 'deal'
  /** In fact order. */
  readonly facts: readonly Fact[]
  /** What the lead passes on, as known now; absent without a lead. */
  readonly passed?: Passed
}

/** One run of a promise. */
export interface ClockState extends Node {
  readonly kind: 'clock'
  /** In the order in which they were decided. */
  readonly facts: readonly Fact[]
  /** What the lead passes on, as known now; absent without a lead. */
  readonly passed?: Passed
}

export type NodeState = VisitorState | PersonState | LeadState | DealState | ClockState
export type StateOf<K extends NodeKind> = Extract<NodeState, { kind: K }>

/** The states a fold may need, loaded beforehand. Plain JSON; never changed in place. */
export interface FoldState {
  readonly get: (ref: NodeRef) => NodeState | undefined
  readonly set: (ref: NodeRef, state: NodeState) => void
}

/**
 * A value for some of the nodes; of states, a `FoldState` in memory. A map a kind: joining kind and key into one text, to be
 * hashed at every look, costs more.
 */
export class NodeMap<Value> {
  readonly #kinds: { readonly [K in NodeKind]: Map<string, Value> } = {
    visitor: new Map(),
    person: new Map(),
    lead: new Map(),
    deal: new Map(),
    clock: new Map(),
  }

  get size(): number {
    return Object.values(this.#kinds).reduce((sum, { size }) => sum + size, 0)
  }

  /** Those of a kind, by key. */
  of(kind: NodeKind): ReadonlyMap<string, Value> {
    return this.#kinds[kind]
  }

  get({ kind, key }: NodeRef): Value | undefined {
    return this.#kinds[kind].get(key)
  }

  set({ kind, key }: NodeRef, value: Value): void {
    this.#kinds[kind].set(key, value)
  }

  /** All values, kind by kind, each in the order in which they came. */
  values(): Value[] {
    return Object.values(this.#kinds).flatMap((values) => [...values.values()])
  }

  /** Forgets half the nodes of each kind, those that came first. */
  halve(): void {
    for (const values of Object.values(this.#kinds)) {
      const most = values.size / 2
      for (const key of values.keys()) {
        if (values.size <= most) break
        values.delete(key)
      }
    }
  }
}

const empty: { readonly [K in NodeKind]: StateOf<K> } = {
  visitor: { kind: 'visitor', leads: [] },
  person: { kind: 'person', touches: [], leads: [] },
  lead: { kind: 'lead', facts: [], won: {}, deals: [] },
  deal: { kind: 'deal', facts: [] },
  clock: { kind: 'clock', facts: [] },
}

/** The state of a node; of one that nothing is known of yet, an empty one. */
export const stateOf = <K extends NodeKind>(state: Pick<FoldState, 'get'>, kind: K, key: string): StateOf<K> =>
  (state.get({ kind, key }) ?? empty[kind]) as StateOf<K>

/** A sorted list of keys with one more; the list itself where it is there already. */
export function withKey(keys: readonly string[], key: string): readonly string[] {
  return keys.includes(key) ? keys : [...keys, key].toSorted()
}
