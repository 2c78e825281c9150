import type { FunnelEvent, Instant } from '@funnel/events'

/** What a decider decided: an event before it has its envelope and its place in the log. */
export type Decided = {
  readonly [Type in FunnelEvent['type']]: { readonly type: Type; readonly data: DataOf<Type> }
}[FunnelEvent['type']]
type DataOf<Type extends FunnelEvent['type']> = Extract<FunnelEvent, { readonly type: Type }>['data']

/** What happened before, as `evolve` sees it: decisions and observations alike, in the order of their versions. */
export type Happened = Decided & { readonly at: Instant }

/**
 * What a subject may decide. Pure and total: `decide` gives the events that a command makes of a state at an instant, none
 * where there is nothing to do, or throws REJECTED (the state forbids it), INVALID (no state would allow it) or NOT_FOUND;
 * `evolve` never throws, whatever was observed, and leaves alone what it does not know.
 */
export interface Decider<Command, State> {
  readonly initialState: State
  readonly decide: (command: Command, state: State, at: Instant) => readonly Decided[]
  readonly evolve: (state: State, event: Happened) => State
}

/** The state after some events, in order; after those that led to `from`, where that is known. */
export const evolved = <State>(
  { initialState, evolve }: Pick<Decider<never, State>, 'initialState' | 'evolve'>,
  events: readonly Happened[],
  from: State = initialState,
): State => events.reduce(evolve, from)
