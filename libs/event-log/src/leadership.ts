import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { FunnelError } from '@funnel/events'

/** Who leads is who holds a session advisory lock of PostgreSQL, on a connection that is there for nothing else. */
export interface Candidacy {
  /**
   * The two numbers of the lock. In use: 7001 appends (by partition), 7002 the head reader, 7003 the relay, 7004 rebuilds,
   * 7006 the projector, 7007 the sealer of rolls (by generation), 7008 reactors (by name), 7009 introductions that make an
   * address known. Whoever leads is looked for by `newEpoch`.
   */
  readonly lock: readonly [number, number]
  /** Shown as the application in pg_stat_activity. */
  readonly name: string
  /** Told at each try that somebody else leads. */
  readonly standby: () => void
  readonly stop: AbortSignal
}

const TRY_EVERY = 500
const HEARTBEAT = 2000
/** The server ends the session of a leader it has not heard from for this long: a frozen one must not hold the lock. */
const SILENCE = '10s'

/**
 * Waits for the lock and runs `work` while it is held, once. The signal is aborted as soon as the lock is lost or `stop`
 * is. A leader that was frozen learns only when it goes on that another one leads, so what it does must be harmless
 * beside another leader. Rejects with UNAVAILABLE when the lock was lost, and with what the connection or the work fails
 * with.
 */
export async function leadOnce(
  url: string,
  { lock, name, standby, stop }: Candidacy,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController()
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
    keepAlive: true,
  })
  const lose = () => lost.abort(new FunnelError('UNAVAILABLE', 'the connection that holds the lock was lost'))
  client.on('error', lose)
  client.on('end', lose)
  const signal = AbortSignal.any([stop, lost.signal])
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined)
  try {
    await client.connect()
    await client.query(`set idle_session_timeout = '${SILENCE}'`)
    while (!signal.aborted) {
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [...lock])
      if (rows[0]?.got) break
      standby()
      await pause(TRY_EVERY)
    }
    if (!signal.aborted) {
      const heartbeat = setInterval(() => void client.query('select 1').catch(lose), HEARTBEAT)
      await work(signal).finally(() => clearInterval(heartbeat))
    }
    if (lost.signal.aborted) throw lost.signal.reason
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * Leads whenever it can, until `stop`: `leadOnce` again and again. After each failure `failed` is told of it and says how
 * many milliseconds to wait before the next try. Resolves when it was stopped; never rejects unless `failed` throws.
 */
export async function leadOn(
  url: string,
  candidacy: Candidacy,
  work: (signal: AbortSignal) => Promise<void>,
  failed: (error: unknown) => number,
): Promise<void> {
  const { stop } = candidacy
  while (!stop.aborted) {
    try {
      await leadOnce(url, candidacy, work)
    } catch (error) {
      if (stop.aborted) return
      await sleep(failed(error), undefined, { signal: stop }).catch(() => undefined)
    }
  }
}

/** Pauses that double with each failure, up to the longest; from the first again once it went well. Milliseconds. */
export interface Pauses {
  next(): number
  reset(): void
}

export function growingPauses(first: number, longest: number): Pauses {
  let pause = first
  return {
    next() {
      const now = pause
      pause = Math.min(pause * 2, longest)
      return now
    },
    reset() {
      pause = first
    },
  }
}
