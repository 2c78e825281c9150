import type { Versions } from '@funnel/definitions'
import type { Decider } from './decider.js'

/** A decider that goes by the rules that count at the instant of each decision; what happened is the same under all of them. */
export function byRules<Rules extends object, Command, State>(
  { at }: Versions<Rules>,
  deciderOf: (rules: Rules) => Decider<Command, State>,
): Decider<Command, State> {
  const made = new WeakMap<Rules, Decider<Command, State>>()
  const deciderAt = (instant: number): Decider<Command, State> => {
    const rules = at(instant)
    const known = made.get(rules) ?? deciderOf(rules)
    made.set(rules, known)
    return known
  }
  const { initialState, evolve } = deciderAt(Number.NEGATIVE_INFINITY)
  return {
    initialState,
    evolve,
    decide: (command, state, instant) => deciderAt(instant).decide(command, state, instant),
  }
}
