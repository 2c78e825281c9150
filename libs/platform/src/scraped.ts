import { setTimeout as sleep } from 'node:timers/promises'

/** How long a scrape waits for a value. Milliseconds. */
const PATIENCE = 2000

/**
 * The value of a gauge that has to ask a database for it; NaN where that fails or is not answered within `patience` ms, as
 * the page of metrics waits for all gauges and fails with any of them. It is asked for once at a time, so that a database
 * that hangs takes one connection at most. Never throws.
 */
export function scraped(ask: () => Promise<number>, patience = PATIENCE): () => Promise<number> {
  let asked: Promise<number> | undefined
  return () => {
    asked ??= ask()
      .catch(() => Number.NaN)
      .finally(() => (asked = undefined))
    return Promise.race([asked, sleep(patience, Number.NaN, { ref: false })])
  }
}
