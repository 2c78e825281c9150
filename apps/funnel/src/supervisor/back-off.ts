const FIRST = 200
const LONGEST = 10_000
/** Exit code of a service whose configuration is wrong (EX_CONFIG): starting it again changes nothing. */
const WRONG_CONFIG = 78

/** Ready for so many milliseconds, a service counts as up: earlier failures are forgotten. */
export const SETTLED = 10_000

/** How a service's process ended. */
export interface End {
  readonly code: number | null
  readonly signal: string | null
}

export type Decision = { readonly wait: number } | { readonly gaveUp: string }

/**
 * What to do after a service ended for the `failures`-th time in a row (1, 2, …) without having been up for a while:
 * wait so many milliseconds and start it again, or give up, and why. One that never was ready is given up sooner.
 */
export function afterEnd(failures: number, end: End, everReady: boolean): Decision {
  const how = end.signal ? `by ${end.signal}` : `with exit code ${end.code ?? 'unknown'}`
  if (end.code === WRONG_CONFIG) return { gaveUp: 'its configuration is wrong' }
  const limit = everReady ? 8 : 3
  if (failures >= limit) return { gaveUp: `it ended ${failures} times in a row, the last time ${how}` }
  return { wait: Math.min(FIRST * 2 ** (failures - 1), LONGEST) }
}
