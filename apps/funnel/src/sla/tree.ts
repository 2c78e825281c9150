import type { CheckedClock } from './check.js'

/** The clocks of a lead, each followed by those that are parts of it; `depth` tells how many it is a part of. */
export function inTree(
  clocks: readonly CheckedClock[],
): readonly { readonly one: CheckedClock; readonly depth: number }[] {
  const ids = new Set(clocks.map(({ clock }) => clock.clock))
  const children = Map.groupBy(clocks, ({ clock: { parent } }) =>
    parent !== undefined && ids.has(parent) ? parent : undefined,
  )
  const below = (parent: string | undefined, depth: number): ReturnType<typeof inTree> =>
    (children.get(parent) ?? []).flatMap((one) => [{ one, depth }, ...below(one.clock.clock, depth + 1)])
  return below(undefined, 0)
}
