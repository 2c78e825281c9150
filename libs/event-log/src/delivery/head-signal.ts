import type pg from 'pg'

/** Rings bells when the head of the log has moved. Without a connection it is silent: readers poll as well. */
export class HeadSignal {
  readonly #pool: pg.Pool
  readonly #listeners = new Set<() => void>()
  #connecting: Promise<void> | undefined
  #client: pg.PoolClient | undefined
  #closed = false

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** Calls `listener` at every move of the head, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#connecting ??= this.#listen()
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connecting
    this.#drop()
  }

  async #listen(): Promise<void> {
    try {
      const client = await this.#pool.connect()
      this.#client = client
      client.on('notification', () => {
        for (const listener of this.#listeners) listener()
      })
      client.on('error', () => this.#again())
      await client.query('listen funnel_head')
    } catch {
      this.#again()
    }
  }

  #again(): void {
    this.#drop()
    this.#connecting = undefined
    if (this.#closed) return
    setTimeout(() => {
      if (!this.#closed && this.#listeners.size) this.#connecting ??= this.#listen()
    }, 1000).unref()
  }

  #drop(): void {
    this.#client?.release(true)
    this.#client = undefined
  }
}
