/**
 * What a subject may decide. Pure and total: `decide` gives the events that a command makes of a state, none where there is
 * nothing to do, or throws REJECTED (the state forbids it) or INVALID (no state would allow it); `evolve` never throws.
 */
export interface Decider<Command, State, Event> {
  readonly initialState: State
  readonly decide: (command: Command, state: State) => readonly Event[]
  readonly evolve: (state: State, event: Event) => State
}

/** The state after some events, in order. */
export const evolved = <State, Event>(
  { initialState, evolve }: Pick<Decider<never, State, Event>, 'initialState' | 'evolve'>,
  events: readonly Event[],
): State => events.reduce(evolve, initialState)
