import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { covers, type Head } from '@funnel/events'
import type { Logger } from '@funnel/platform'
import { leadOn } from '../leadership.js'
import { advanceHead } from './advance-head.js'

/** Publishes the head of the store: one of these runs, the others stand by. */
export interface HeadReader {
  /** The last head it published, once it is the active one. */
  readonly head: Head | undefined
  /** When it last did something: ticked as the active one, or tried to become it. Milliseconds since 1970. */
  readonly tick: number
  readonly active: boolean
  close(): Promise<void>
}

export interface HeadReaderOptions {
  readonly url: string
  readonly logger: Logger
  /** Told of every head that moved. */
  readonly onHead?: (head: Head) => void
}

const LOCK = [7002, 1] as const
/** While events come, the head is read at most this often; idle, the pause doubles up to the longest. Milliseconds. */
const SHORTEST = 10
const LONGEST = 200
/**
 * Readers pass on a watermark that has gone on by so much though nothing happened: with the pauses above they do so at least
 * every quarter of a second. Milliseconds.
 */
export const WATERMARK_STEP = 100
/** After a failure. Milliseconds. */
const RETRY = 500

/**
 * Reads and publishes the head as soon as something was appended, and every 200 ms when nothing was, so that
 * readers see the watermark go on at least every quarter of a second. One is active, see `leadOn`; two for a moment do no harm.
 */
export function startHeadReader({ url, logger, onHead }: HeadReaderOptions): HeadReader {
  const stop = new AbortController()
  let head: Head | undefined
  let tick = Date.now()
  let active = false
  const alive = () => {
    tick = Date.now()
  }

  const publish = async (signal: AbortSignal): Promise<void> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'funnel-head',
      connectionTimeoutMillis: 5000,
      query_timeout: 30_000,
    })
    let wake = new AbortController()
    client.on('error', () => undefined) // the next query fails
    client.on('notification', () => wake.abort())
    active = true
    try {
      await client.connect()
      await client.query('listen funnel_append')
      logger.info('this process publishes the head')
      for (let pause = SHORTEST; !signal.aborted;) {
        wake = new AbortController()
        const before = head
        head = await advanceHead(client)
        alive()
        const moved = !before || !covers(before.positions, head.positions)
        onHead?.(head)
        pause = moved ? SHORTEST : Math.min(pause * 2, LONGEST)
        if (moved) await sleep(SHORTEST)
        else await sleep(pause, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => undefined)
      }
    } finally {
      active = false
      await client.end().catch(() => undefined)
    }
  }

  const candidacy = { lock: LOCK, name: 'funnel-head-lock', standby: alive, stop: stop.signal }
  const running = leadOn(url, candidacy, publish, (error) => {
    alive()
    logger.warn(
      { reason: error instanceof Error ? error.message : String(error) },
      'the head could not be read; trying again',
    )
    return RETRY
  })

  return {
    get head() {
      return head
    },
    get tick() {
      return tick
    },
    get active() {
      return active
    },
    async close() {
      stop.abort()
      await running
    },
  }
}
