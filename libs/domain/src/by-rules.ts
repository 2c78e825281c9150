import type { Versions } from '@funnel/definitions'
import type { Decider } from './decider.js'

/** A decider that goes by the rules that count at the instant of each decision; what happened is the same under all of them. */
export function byRules<Rules, Command, State>(
  { at }: Versions<Rules>,
  deciderOf: (rules: Rules) => Decider<Command, State>,
): Decider<Command, State> {
  const { initialState, evolve } = deciderOf(at(Number.NEGATIVE_INFINITY))
  return {
    initialState,
    evolve,
    decide: (command, state, instant) => deciderOf(at(instant)).decide(command, state, instant),
  }
}
