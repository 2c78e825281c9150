import type pg from 'pg'
import { seal, SLICE, type Sealed } from './seal.js'

/** Seals a generation while it is folded. */
export interface SealingBeside {
  /** Tells that so many entries more are saved. Never waits and never throws. */
  saved(entries: number): void
  /** Ends it; resolves when nothing of it runs any more. */
  close(): Promise<void>
}

/**
 * Seals whenever a slice may have gathered, and at first what an earlier process left. Without it answers are as right, but
 * slow: so a failure is told to `failed`, and it is tried again at the next slice.
 */
export function sealBeside(pool: pg.Pool, generation: Sealed, failed: (error: unknown) => void): SealingBeside {
  const stop = new AbortController()
  let unsealed = SLICE
  let sealing: Promise<unknown> | undefined
  return {
    saved(entries) {
      unsealed += entries
      if (sealing || unsealed < SLICE || stop.signal.aborted) return
      unsealed = 0
      sealing = seal(pool, generation, SLICE, stop.signal)
        .catch(failed)
        .finally(() => (sealing = undefined))
    },
    async close() {
      stop.abort()
      await sealing
    },
  }
}
