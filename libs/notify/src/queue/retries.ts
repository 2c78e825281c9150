/** How often a notification is tried: the pauses between are a day together at most. */
export const ATTEMPTS = 15
const FIRST = 10_000
const LONGEST = 6 * 3_600_000

/** How long to wait after so many attempts, in ms: anything up to a bound that doubles, up to six hours. `random` in [0, 1). */
export const pauseAfter = (attempts: number, random = Math.random()): number =>
  Math.round(random * Math.min(FIRST * 2 ** (attempts - 1), LONGEST))
