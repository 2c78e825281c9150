import type pg from 'pg'
import type { Instant } from '@funnel/events'
import type { Entry } from '@funnel/ledger'
import type { Generation } from '../generation/generation.js'
import { Recent } from './recent.js'
import { seal, SLICE } from './seal.js'

/** Seals a generation while it is folded. */
export interface SealingBeside {
  /** Tells that these entries are saved, and everything recorded up to `w`. Never waits and never throws. */
  saved(entries: readonly Entry[], w: Instant): void
  /** Ends it; resolves when nothing of it runs any more. */
  close(): Promise<void>
}

/**
 * Seals whenever a slice may have gathered, and at first what an earlier process left. `generation` is that which is folded, as
 * it was before the first entries that are told of, and nobody else may fold it meanwhile. Without it answers are as right,
 * but slow: so a failure is told to `failed`, and it is tried again at the next slice.
 */
export function sealBeside(pool: pg.Pool, generation: Generation, failed: (error: unknown) => void): SealingBeside {
  const stop = new AbortController()
  let savedUpTo = generation.w
  const nothing = () => new Recent(generation.rolled, SLICE, savedUpTo)
  let recent = nothing()
  let unsealed = SLICE
  let sealing: Promise<unknown> | undefined
  /** What was added up may be half of what it should be: it is read instead. */
  const lost = (error: unknown) => {
    recent = nothing()
    failed(error)
  }
  return {
    saved(entries, w) {
      savedUpTo = w
      try {
        recent.saved(entries, w)
      } catch (error) {
        lost(error)
      }
      unsealed += entries.length
      if (sealing || unsealed < SLICE || stop.signal.aborted) return
      unsealed = 0
      sealing = seal(pool, generation, { signal: stop.signal, recent })
        .catch(lost)
        .finally(() => (sealing = undefined))
    },
    async close() {
      stop.abort()
      await sealing
    },
  }
}
