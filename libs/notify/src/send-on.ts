import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { growingPauses } from '@funnel/event-log'
import type { Logger } from '@funnel/platform'
import type { Destination, DestinationType } from './destinations/destination.js'
import { claim, hold, LEASE, register, settle, type Claimed, type Fate, type Parcel } from './queue/queue.js'
import { ATTEMPTS, pauseAfter } from './queue/retries.js'
import type { Attempt } from './send/attempt.js'
import type { Sender } from './send/sender.js'

/** What became of an attempt: it was taken, it will be tried again, or it was given up. */
export type SendOutcome = 'sent' | 'retry' | 'dead'

export interface SendOptions {
  readonly pool: pg.Pool
  readonly destinations: readonly Destination[]
  readonly sender: Sender
  readonly logger: Logger
  readonly onOutcome?: (type: DestinationType, outcome: SendOutcome) => void
  /** How long what is claimed is left to this process, in ms. */
  readonly lease?: number
  readonly attempts?: number
  /** How long to wait after so many attempts, in ms. */
  readonly pause?: (attempts: number) => number
}

/** A loop that sends. */
export interface Sending {
  /** When it last came round; ms since 1970. */
  readonly tick: number
  /** Why it does not send, if it does not. */
  readonly trouble: string | undefined
  /** Ends once what is being sent is settled. */
  close(): Promise<void>
}

/** Messages under way at once; to one destination half of them, so that a slow one does not hold up the others. */
const AT_ONCE = 16
const POLL = 250

/**
 * Sends what is due until it is closed; several processes may. At least once, and after a crash again with the same id. What
 * fails is tried again after growing random pauses, no sooner than the other side asks, and is given up after the last attempt.
 */
export function startSending(options: SendOptions): Sending {
  const { pool, destinations, logger, lease = LEASE } = options
  const stop = new AbortController()
  const underWay = new Map<Promise<void>, string>()
  const pauses = growingPauses(500, 10_000)
  let tick = Date.now()
  let trouble: string | undefined = 'starting'
  let known = false

  const free = (): readonly Destination[] => {
    const to = Map.groupBy(underWay.values(), (id) => id)
    return destinations.filter(({ id }) => (to.get(id)?.length ?? 0) < AT_ONCE / 2)
  }
  const next = async (): Promise<Parcel | undefined> => {
    if (!known) await register(pool, destinations)
    known = true
    return claim(pool, free(), lease)
  }
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        tick = Date.now()
        if (underWay.size >= AT_ONCE) await Promise.race(underWay.keys())
        const parcel = await next()
        trouble = undefined
        pauses.reset()
        if (!parcel) {
          await Promise.race([sleep(POLL), ...underWay.keys()]) // whoever ends makes room for their destination
          continue
        }
        const work: Promise<void> = sendParcel(parcel, options).finally(() => underWay.delete(work))
        underWay.set(work, parcel.destination.id)
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error)
        logger.warn({ reason: trouble }, 'cannot claim notifications')
        await sleep(pauses.next(), undefined, { signal: stop.signal }).catch(() => undefined)
      }
    }
    await Promise.all(underWay.keys())
  }
  const running = loop()
  return {
    get tick() {
      return tick
    },
    get trouble() {
      return trouble
    },
    async close() {
      stop.abort()
      await running
    },
  }
}

/** Sends and settles; never rejects: what cannot be settled is due again after the lease. */
async function sendParcel({ destination, notifications }: Parcel, options: SendOptions): Promise<void> {
  const { pool, sender, logger, onOutcome } = options
  try {
    const attempt = await sender.send(destination, notifications)
    if (attempt.retryAfter) await hold(pool, destination.id, attempt.retryAfter)
    for (const one of notifications) {
      const fate = fateOf(one, attempt, options)
      await settle(pool, one, fate)
      onOutcome?.(destination.type, fate.state === 'waiting' ? 'retry' : fate.state)
      if (fate.state === 'dead')
        logger.warn(
          { notification: one.id, destination: destination.id, reason: fate.reason },
          'given up: see `funnel notify list --dead`',
        )
    }
  } catch (error) {
    logger.warn(
      { destination: destination.id, reason: error instanceof Error ? error.message : String(error) },
      'cannot settle a notification; it is sent again',
    )
  }
}

function fateOf(
  { attempts: tried }: Claimed,
  { ok, said, final, taken, retryAfter = 0 }: Attempt,
  { attempts = ATTEMPTS, pause = pauseAfter }: SendOptions,
): Fate {
  if (ok) return { state: 'sent' }
  if (final || tried >= attempts) return { state: 'dead', reason: said, taken }
  return { state: 'waiting', reason: said, taken, pause: Math.max(pause(tried), retryAfter) }
}
