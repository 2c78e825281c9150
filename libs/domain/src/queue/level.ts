/** Turns taken per unit of weight: how far a queue is. A fraction, so that nothing is rounded. */
export interface Level {
  readonly turns: number
  readonly weight: number
}

export const START: Level = { turns: 0, weight: 1 }

/** Negative where `a` is the lower one. Exact while turns × weights are safe integers, for 9 × 10⁹ assignments at weight 1000. */
export const compareLevels = (a: Level, b: Level): number => a.turns * b.weight - b.turns * a.weight

/** The turns of somebody of this weight who is at `level`, or else less than one turn above it. */
export function turnsAt(level: Level, weight: number): number {
  const product = level.turns * weight
  const rest = product % level.weight
  return (product - rest) / level.weight + (rest ? 1 : 0)
}
