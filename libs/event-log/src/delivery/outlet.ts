import type { Positions } from '@funnel/events'
import type { Batch } from '../ports.js'

type Result = IteratorResult<Batch, undefined>
interface Waiting {
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Hands batches from one writer to one reader: at most one is ready beside those that the reader has.
 * After `end` or `fail` what was ready is dropped: the reader gets it again when it opens again.
 */
export class Outlet implements AsyncIterator<Batch, undefined> {
  #ready: Batch | undefined
  #room: (() => void) | undefined
  #quiet: (() => void) | undefined
  #reader: Waiting | undefined
  #failure: { error: unknown } | undefined
  #ended = false
  #taken: Batch | undefined

  get ended(): boolean {
    return this.#ended
  }

  /** The place after the last batch the reader took. */
  get taken(): Positions | undefined {
    return this.#taken?.positions
  }

  /** Resolves when the reader has taken what was ready before, or it was dropped. */
  async put(batch: Batch): Promise<void> {
    while (this.#ready && !this.#ended) await new Promise<void>((resolve) => (this.#room = resolve))
    if (this.#ended) return
    this.#ready = batch
    this.#serve()
  }

  /** Resolves when the reader waits for more: it is done with all it took, unless it overlaps its work. */
  async quiet(): Promise<void> {
    while ((!this.#reader || this.#ready) && !this.#ended) await new Promise<void>((resolve) => (this.#quiet = resolve))
  }

  /** Drops what is ready and not taken. */
  clear(): void {
    this.#ready = undefined
    this.#makeRoom()
  }

  /** The reader gets the error once, then the end. */
  fail(error: unknown): void {
    if (this.#ended) return
    this.#failure = { error }
    this.end()
  }

  end(): void {
    this.#ended = true
    this.clear()
    this.#serve()
    this.#whenQuiet()
  }

  /** For one call at a time. */
  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
      this.#serve()
      if (this.#reader) this.#whenQuiet()
    })
  }

  #serve(): void {
    const reader = this.#reader
    if (!reader || (!this.#ready && !this.#ended)) return
    this.#reader = undefined
    if (this.#ready) {
      const value = this.#ready
      this.#taken = value
      this.clear()
      reader.resolve({ done: false, value })
    } else if (this.#failure) {
      const { error } = this.#failure
      this.#failure = undefined
      reader.reject(error)
    } else reader.resolve({ done: true, value: undefined })
  }

  #whenQuiet(): void {
    this.#quiet?.()
    this.#quiet = undefined
  }

  #makeRoom(): void {
    this.#room?.()
    this.#room = undefined
  }
}
