import type { Versions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Line } from '../line.js'
import type { Passed } from './dims.js'
import type { Fact } from './fact.js'
import type { Capture, Consent, FirstTouch, FoldState, NodeKind, StateOf, Traces } from './state.js'

/** What a node can be told: a fact of its own, or news from a neighbour. */
export interface News {
  readonly visitor: { readonly fact: Fact } | { readonly lead: string }
  readonly person:
    | { readonly visitor: string; readonly first: FirstTouch }
    | { readonly lostVisitor: string }
    | { readonly lead: string }
    | { readonly absorbedInto: string }
    | { readonly releasedFrom: string }
    | ({ readonly absorbed: string } & Traces)
    | { readonly lostAbsorbed: string }
    | { readonly released: 'below' }
    | { readonly root: 'changed' }
    | { readonly account: string }
    | { readonly consent: Consent }
    | { readonly capture: Capture }
    | { readonly lostCapture: string }
  readonly lead:
    | { readonly fact: Fact }
    | { readonly parents: 'changed' }
    | { readonly deal: string; readonly won?: Instant }
    | { readonly lostDeal: string }
    | { readonly clock: string }
  readonly deal: { readonly fact: Fact } | { readonly passed: Passed }
  readonly clock: { readonly fact: Fact } | { readonly passed: Passed }
}

/** News for one node. */
export type Message<Kind extends NodeKind = NodeKind> = {
  readonly [K in Kind]: { readonly kind: K; readonly key: string; readonly news: News[K] }
}[Kind]

/** What a node makes of its news. */
export interface Reaction<S> {
  readonly after: S
  /** What this changes in the measures; may hold lines that cancel out. */
  readonly lines?: readonly Line[]
  /** Whom else it concerns. */
  readonly tell?: readonly Message[]
}

/** What a node may look at beside its own state: the definitions in force, and the states of its parents. */
export interface Context {
  readonly versions: Versions
  readonly state: Pick<FoldState, 'get'>
}

/**
 * One kind of node: what it makes of news; undefined when the news changes nothing. Pure; whatever it throws parks the
 * node, with nothing of the reaction booked.
 */
export type React<K extends NodeKind> = (
  key: string,
  before: StateOf<K>,
  news: News[K],
  context: Context,
) => Reaction<StateOf<K>> | undefined
