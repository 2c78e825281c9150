import type { Instant } from '@funnel/events'
import type { Decider } from './decider.js'

/** What is decided on each command, by its type. */
export type Decisions<Command extends { readonly type: string }, State> = {
  readonly [Type in Command['type']]: Decide<Extract<Command, { readonly type: Type }>, State>
}
type Decide<Command, State> = Decider<Command, State>['decide']

/** Decides by the table. */
export const decideBy =
  <Command extends { readonly type: string }, State>(decisions: Decisions<Command, State>): Decide<Command, State> =>
  (command: Command, state: State, at: Instant) =>
    (decisions[command.type as Command['type']] as unknown as Decide<Command, State>)(command, state, at)
