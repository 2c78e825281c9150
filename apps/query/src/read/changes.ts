import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '@funnel/platform'

/** When notifications are lost, a change is seen this many milliseconds later. */
const SAFETY_NET = 1000
/** Milliseconds that the database may take to connect, to answer and to end a connection. */
const ANSWERS_WITHIN = 5000
/** A connection on which nothing came for so long is tried, so that the loss of the host is noticed. Milliseconds. */
const KEEP_ALIVE = 10_000

/**
 * Wakes whoever waits for the read models to change, and first tells `changed`. Listens on `funnel_read`, over one
 * connection; while that is lost, those who wait are woken every SAFETY_NET.
 */
export class Changes {
  readonly #url: string
  readonly #logger: Logger
  readonly #waiting = new Set<() => void>()
  readonly #stop = new AbortController()
  readonly #changed: () => void
  readonly #listening: Promise<void>

  constructor(url: string, logger: Logger, changed: () => void) {
    this.#url = url
    this.#logger = logger
    this.#changed = changed
    this.#listening = this.#listen()
  }

  /** Resolves at the next change, after SAFETY_NET, or when the signal is aborted. Something may have changed. */
  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#stop.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, SAFETY_NET)
      signal.addEventListener('abort', done, { once: true })
      this.#waiting.add(done)
    })
  }

  /** Ends the connection and wakes everybody. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#listening
  }

  #wake(): void {
    this.#changed()
    for (const done of this.#waiting) done()
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const client = new pg.Client({
        connectionString: this.#url,
        application_name: 'funnel-query-changes',
        connectionTimeoutMillis: ANSWERS_WITHIN,
        query_timeout: ANSWERS_WITHIN,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEP_ALIVE,
      })
      try {
        const lost = new Promise<void>((resolve) => {
          client.on('error', () => resolve())
          client.on('end', () => resolve())
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        client.on('notification', () => this.#wake())
        await client.connect()
        await client.query('listen funnel_read')
        this.#wake()
        await lost
      } catch (error) {
        this.#logger.warn({ error: String(error) }, 'cannot listen for changes; looking every second')
      } finally {
        const ended = client.end().catch(() => undefined)
        await Promise.race([ended, sleep(ANSWERS_WITHIN, undefined, { ref: false })])
      }
      if (!signal.aborted) await sleep(SAFETY_NET, undefined, { signal }).catch(() => undefined)
    }
  }
}
