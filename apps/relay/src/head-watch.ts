import type pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Head } from '@funnel/events'
import { HeadSignal, type EventTail } from '@funnel/event-log'

const EVERY = 1000
/** A head older than this is a problem. */
const STALE = 30_000

/** Sees the published head, whoever publishes it, and wakes who waits for it to move. */
export class HeadWatch {
  readonly #tail: EventTail
  readonly #signal: HeadSignal
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  readonly #waiting = new Set<AbortController>()
  #error: string | undefined = 'no head has been read yet'
  #head: Head | undefined

  constructor(pool: pg.Pool, tail: EventTail) {
    this.#tail = tail
    this.#signal = new HeadSignal(pool)
  }

  /** As last seen, at most a second ago. */
  get head(): Head | undefined {
    return this.#head
  }

  /** Why there is no current head. */
  get problem(): string | undefined {
    if (this.#error) return this.#error
    const age = this.#head ? Date.now() - this.#head.w : 0
    return age > STALE
      ? `the watermark is ${Math.round(age / 1000)} s old: a writer hangs or nobody publishes it`
      : undefined
  }

  start(): void {
    this.#signal.subscribe(() => this.ring())
    this.#running = this.#look()
  }

  ring(): void {
    for (const one of this.#waiting) one.abort()
  }

  /** Resolves when the head may have moved, at the latest after `ms`. */
  async moved(ms: number): Promise<void> {
    const waiting = new AbortController()
    this.#waiting.add(waiting)
    await sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined)
    this.#waiting.delete(waiting)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#signal.close()
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        this.#head = await this.#tail.heads()
        this.#error = undefined
      } catch (error) {
        this.#error = error instanceof Error ? error.message : String(error)
      }
      await sleep(EVERY, undefined, { signal }).catch(() => undefined)
    }
  }
}
