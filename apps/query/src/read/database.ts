import { FunnelError, type Instant } from '@funnel/events'
import type { Statement } from '@funnel/ledger'
import type { Pool } from 'pg'

/** A generation that was asked has been dropped meanwhile: ask the one that is live now. */
export class GenerationDropped extends Error {
  override readonly name = 'GenerationDropped'
}

/** The read models' database: runs statements no longer than the caller waits. */
export class ReadDatabase {
  readonly #pool: Pool
  constructor(pool: Pool) {
    this.#pool = pool
  }

  /**
   * The rows of one statement, so of one snapshot. Throws DEADLINE when time is up (the statement is stopped too),
   * UNAVAILABLE when the database does not answer, GenerationDropped when a table of it is gone.
   */
  async rows<Row>(statement: Statement, deadline: Instant): Promise<Row[]> {
    const left = Math.floor(deadline - Date.now())
    if (left <= 0) throw late()
    let client
    try {
      client = await this.#pool.connect()
    } catch (cause) {
      throw unavailable(cause)
    }
    let broken: unknown
    try {
      await client.query({
        name: 'limit',
        text: `select set_config('statement_timeout', $1, false)`,
        values: [String(left)],
      })
      const { rows } = await client.query({ ...statement, values: [...statement.values] })
      return rows as Row[]
    } catch (error) {
      const failure = translate(error)
      if (failure instanceof FunnelError && failure.code === 'UNAVAILABLE') broken = error
      throw failure
    } finally {
      client.release(broken instanceof Error ? broken : false)
    }
  }
}

const late = (cause?: unknown) =>
  new FunnelError('DEADLINE', 'The answer took longer than the caller waits: ask for less, or wait longer', {}, cause)
const unavailable = (cause: unknown) =>
  new FunnelError('UNAVAILABLE', 'The read models’ database does not answer; try again', { retryAfter: 1 }, cause)

function translate(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === '57014') return late(error)
  if (code === '42P01' || code === '3F000')
    return new GenerationDropped('a table of the generation is gone', { cause: error })
  // connection lost, database starting or stopping, too many connections
  if (code === undefined || /^(08|57P|53)/.test(code) || /^E[A-Z]+$/.test(code)) return unavailable(error)
  return error
}
