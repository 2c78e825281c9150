import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Instant } from '@funnel/events'
import type { Logger } from '@funnel/platform'
import type { Destination } from './destinations/destination.js'
import { giveUpRemoved, removeOld } from './queue/removal.js'

export interface UpkeepOptions {
  readonly pool: pg.Pool
  readonly destinations: readonly Destination[]
  /**
   * Up to when what was recorded is taken in for good; undefined where another process, or none yet, takes it in: that one
   * looks after the rows.
   */
  readonly takenIn: () => Instant | undefined
  readonly logger: Logger
  /** How often, in ms. */
  readonly every?: number
}

/**
 * Looks after the rows until it is closed: what was told long ago is removed, and what waits for a destination that was
 * removed is given up.
 */
export function startUpkeep({ pool, destinations, takenIn, logger, every = 60_000 }: UpkeepOptions): {
  close(): Promise<void>
} {
  const stop = new AbortController()
  const ids = destinations.map(({ id }) => id)
  const round = async (): Promise<void> => {
    const upTo = takenIn()
    if (upTo === undefined) return
    for (const { destination, count } of await giveUpRemoved(pool, ids))
      logger.warn(
        { destination, count },
        'given up, the destination is not configured any more: see `funnel notify list --dead`',
      )
    await removeOld(pool, upTo)
  }
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await round().catch((error: unknown) =>
        logger.warn(
          { reason: error instanceof Error ? error.message : String(error) },
          'cannot look after notifications',
        ),
      )
      await sleep(every, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const running = loop()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}
