import type { Pool } from 'pg'
import { Answers } from '../kpi/answers.js'
import { Listings } from '../kpi/listings.js'
import { Changes } from './changes.js'
import { ReadDatabase } from './database.js'
import { Generations } from './generations.js'
import { createPool, type Logger } from '@funnel/platform'

/** Milliseconds that the database may take to cancel a statement. */
const CANCELLED_WITHIN = 5000

/** All ways to ask the read models, over one pool. */
export class ReadModels {
  readonly database: ReadDatabase
  readonly generations: Generations
  readonly answers: Answers
  readonly listings: Listings
  readonly changes: Changes
  readonly #pool: Pool
  readonly #cancels: Pool
  readonly #ending = new AbortController()

  constructor(pool: Pool, url: string, logger: Logger) {
    this.#pool = pool
    // an idle connection that breaks is replaced at the next question
    pool.on('error', (error) => logger.warn({ error: error.message }, 'lost an idle connection'))
    this.#cancels = createPool(url, 'funnel-query-cancel', 1, undefined, CANCELLED_WITHIN)
    this.database = new ReadDatabase(pool, this.#cancels)
    this.generations = new Generations(this.database)
    this.answers = new Answers(this.database, this.generations)
    this.listings = new Listings(this.database, this.generations)
    this.changes = new Changes(url, logger, () => this.generations.forget())
  }

  /** Aborted when the service ends: streams end. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  /** Ends the streams; other questions go on. */
  endStreams(): void {
    this.#ending.abort()
  }

  async close(): Promise<void> {
    await this.changes.close()
    await this.#pool.end()
    await this.#cancels.end()
  }
}
