import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError, type Instant } from '@funnel/events'
import type { Statement } from '@funnel/ledger'
import type { Pool, PoolClient } from 'pg'

/** A generation that was asked has been dropped meanwhile: ask the one that is live now. */
export class GenerationDropped extends Error {
  override readonly name = 'GenerationDropped'
}

/** What timers and PostgreSQL can count to; nobody waits longer. Milliseconds. */
const LONGEST = 2 ** 31 - 1

/** The read models' database: runs statements no longer than the caller waits. */
export class ReadDatabase {
  readonly #pool: Pool
  constructor(pool: Pool) {
    this.#pool = pool
  }

  /**
   * The rows of one statement, so of one snapshot. Throws DEADLINE when time is up (the statement is stopped too),
   * OVERLOADED when no connection became free in time, UNAVAILABLE when the database does not answer, GenerationDropped
   * when a table of it is gone.
   */
  async rows<Row>(statement: Statement, deadline: Instant): Promise<Row[]> {
    const client = await this.#connect(deadline)
    let broken = false
    try {
      await client.query({
        name: 'limit',
        text: `select set_config('statement_timeout', $1, false)`,
        values: [String(leftUntil(deadline))],
      })
      const { rows } = await client.query({ ...statement, values: [...statement.values] })
      return rows as Row[]
    } catch (error) {
      const failure = translate(error)
      broken = failure instanceof FunnelError && failure.code === 'UNAVAILABLE'
      throw failure
    } finally {
      client.release(broken)
    }
  }

  /** A connection, waited for until the deadline. */
  async #connect(deadline: Instant): Promise<PoolClient> {
    const left = leftUntil(deadline)
    const connecting = this.#pool.connect()
    const over = new AbortController()
    const late = sleep(left, undefined, { signal: over.signal }).then(() => {
      throw this.#pool.waitingCount ? overloaded() : tooLate()
    })
    try {
      return await Promise.race([connecting, late])
    } catch (error) {
      // one that comes after all goes back
      connecting.then(
        (client) => client.release(),
        () => undefined,
      )
      throw translate(error)
    } finally {
      over.abort()
    }
  }
}

/** Milliseconds that are left, at least one. Throws DEADLINE when there are none. */
function leftUntil(deadline: Instant): number {
  const left = Math.floor(deadline - Date.now())
  if (left <= 0) throw tooLate()
  return Math.min(left, LONGEST)
}

const tooLate = (cause?: unknown) =>
  new FunnelError('DEADLINE', 'The answer took longer than the caller waits: ask for less, or wait longer', {}, cause)
const overloaded = (cause?: unknown) =>
  new FunnelError('OVERLOADED', 'Too many questions are being answered; ask again', { retryAfter: 1 }, cause)
const unavailable = (cause: unknown) =>
  new FunnelError('UNAVAILABLE', 'The read models’ database does not answer; try again', { retryAfter: 1 }, cause)

/** SQLSTATEs of a connection lost, a database that starts, stops or has no room for more, and the network's codes. */
const DOWN = /^(08...|57P..|53...|E(AI_)?[A-Z]+)$/
/** What the driver says without a code: of a connection or pool that has ended, and of a pool that has none free. */
const ENDED =
  /^(Connection terminated|Client (was closed|has encountered a connection error)|Cannot use a pool after|timeout expired)/
const EXHAUSTED = /^timeout exceeded when trying to connect/

/** The failure as callers know it; what nobody foresaw stays as it is. */
function translate(error: unknown): unknown {
  if (error instanceof FunnelError) return error
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string }
  if (code === '57014') return tooLate(error)
  if (code === '42P01' || code === '3F000')
    return new GenerationDropped('a table of the generation is gone', { cause: error })
  if (code === undefined ? ENDED.test(message) : DOWN.test(code)) return unavailable(error)
  return EXHAUSTED.test(message) ? overloaded(error) : error
}
