import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import type { Statement } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import type { Pool, PoolClient, QueryConfig } from 'pg'

/** A generation that was asked has been dropped meanwhile: ask the one that is live now. */
export class GenerationDropped extends Error {
  override readonly name = 'GenerationDropped'
}

/** What timers and PostgreSQL can count to; nobody waits longer. Milliseconds. */
const LONGEST = 2 ** 31 - 1
/** Milliseconds until a statement that goes on though it was cancelled is cancelled again: it had not begun then. */
const AGAIN = 100
/** Milliseconds that the database may take for what costs it nothing. */
const ANSWERS_WITHIN = 5000
/** Milliseconds that a statement is waited for beyond its limit: a database that has not ended it by then is silent. */
const LATE = 1000

/** The read models' database: runs statements no longer than the caller waits, also where it does not answer at all. */
export class ReadDatabase {
  readonly #pool: Pool
  readonly #cancels: Pool

  /** Statements are cancelled over connections of a pool of their own, as those of the other may all be taken. */
  constructor(pool: Pool, cancels: Pool) {
    this.#pool = pool
    this.#cancels = cancels
  }

  /**
   * The rows of one statement, so of one snapshot. Throws DEADLINE when time is up or the caller has gone (the statement is
   * stopped too), OVERLOADED when no connection became free in time, UNAVAILABLE when the database does not answer (its
   * connection is given up), GenerationDropped when a table of it is gone.
   */
  async rows<Row>(statement: Statement, patience: Patience): Promise<Row[]> {
    const client = await this.#connect(patience)
    let broken = false
    try {
      const left = leftUntil(patience)
      const limit = {
        name: 'limit',
        text: `select set_config('statement_timeout', $1, false), pg_backend_pid() pid`,
        values: [String(left)],
      }
      const { rows: limits } = await client.query<{ pid: number }>(within(ANSWERS_WITHIN, limit))
      if (patience.signal?.aborted) throw tooLate()
      const running = client.query(within(Math.min(left + LATE, LONGEST), statement))
      const { rows } = await this.#unlessGone(running, limits[0]!.pid, patience)
      return rows as Row[]
    } catch (error) {
      const failure = translate(error)
      broken = failure instanceof FunnelError && failure.code === 'UNAVAILABLE'
      throw failure
    } finally {
      client.release(broken)
    }
  }

  /**
   * What a statement gives that is running in a backend; it is cancelled when the caller goes. Only when no cancellation
   * is on its way any more does it end: that would meet the statement of whoever gets the connection next.
   */
  async #unlessGone<T>(running: Promise<T>, pid: number, { signal }: Patience): Promise<T> {
    const over = new AbortController()
    let cancelling: Promise<void> | undefined
    const cancel = () => {
      cancelling = this.#cancel(pid, over.signal)
    }
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await running
    } finally {
      signal?.removeEventListener('abort', cancel)
      over.abort()
      await cancelling
    }
  }

  /** Cancels what a backend runs until that is over; then throws UNAVAILABLE where a cancellation may still be on its way. */
  async #cancel(pid: number, over: AbortSignal): Promise<void> {
    const failures: unknown[] = []
    while (!over.aborted) {
      const cancelled = this.#cancels.query({ text: 'select pg_cancel_backend($1)', values: [pid] })
      await cancelled.catch((error: unknown) => failures.push(error))
      await sleep(AGAIN, undefined, { signal: over }).catch(() => undefined)
    }
    if (failures.length) throw unavailable(failures.at(-1))
  }

  /** A connection, waited for as long as the caller waits. */
  async #connect(patience: Patience): Promise<PoolClient> {
    const left = leftUntil(patience)
    const connecting = this.#pool.connect()
    const over = new AbortController()
    const { signal } = patience
    const late = sleep(left, undefined, { signal: over.signal }).then(() => {
      throw this.#pool.waitingCount ? overloaded() : tooLate()
    })
    const gone = signal && once(signal, 'abort', { signal: over.signal }).then(() => Promise.reject(tooLate()))
    try {
      return await Promise.race([connecting, late, ...(gone ? [gone] : [])])
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

/** The statement, which fails when it is not answered within so many milliseconds; the driver's types do not know that. */
const within = (ms: number, { values, ...rest }: Statement): QueryConfig =>
  ({ ...rest, values: [...values], query_timeout: ms }) as QueryConfig

/** Milliseconds that are left, at least one. Throws DEADLINE when there are none, or nobody waits. */
function leftUntil({ deadline, signal }: Patience): number {
  const left = Math.floor(deadline - Date.now())
  if (left <= 0 || signal?.aborted) throw tooLate()
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
/** What the driver says without a code: of a connection or pool that ended or was silent, and of a pool that has none free. */
const ENDED =
  /^(Connection terminated|Client (was closed|has encountered a connection error)|Cannot use a pool after|timeout expired|Query read timeout)/
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
