import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '@funnel/platform'

/** When notifications are lost, a change is seen this many milliseconds later. */
const SAFETY_NET = 1000

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
      const client = new pg.Client({ connectionString: this.#url, application_name: 'funnel-query-changes' })
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
        await client.end().catch(() => undefined)
      }
      if (!signal.aborted) await sleep(SAFETY_NET, undefined, { signal }).catch(() => undefined)
    }
  }
}
