import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { forgetBodies } from '@funnel/event-store'
import type { Logger } from '@funnel/platform'

const HOUR = 3_600_000
const LOOK = 1000

/**
 * Has the bodies of refused events forgotten when their time is over: at once and then every hour, while `leads` says that
 * this process is the one to do it, until `stop` is aborted. A failure is told and tried again an hour later.
 */
export async function keepForgetting(
  pool: pg.Pool,
  { logger, leads, stop }: { logger: Logger; leads: () => boolean; stop: AbortSignal },
): Promise<void> {
  let last = -HOUR
  while (!stop.aborted) {
    if (leads() && performance.now() - last >= HOUR) {
      last = performance.now()
      try {
        const bodies = await forgetBodies(pool, stop)
        if (bodies) logger.info({ bodies }, 'bodies of refused events were kept for 30 days and are gone')
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        logger.warn({ reason }, 'old bodies of refused events could not be removed')
      }
    }
    await sleep(LOOK, undefined, { signal: stop }).catch(() => undefined)
  }
}
