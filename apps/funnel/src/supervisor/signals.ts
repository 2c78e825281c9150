const SAME = 1000

/**
 * Calls `stop` on the first SIGINT, SIGTERM or SIGHUP and `force` on a later one. Signals within a second are the same
 * one: a terminal sends Ctrl-C to us and to npm, which hands it on to us again.
 */
export function onStopSignals(stop: (signal: NodeJS.Signals) => void, force: () => void): void {
  let first: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      const now = Date.now()
      if (first === undefined) {
        first = now
        stop(signal)
      } else if (now - first > SAME) force()
    })
}
