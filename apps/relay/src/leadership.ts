import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** Two numbers of a session advisory lock; 7003 is the relay's. */
const LOCK = [7003, 1]
const TRY_EVERY = 1000
const HEARTBEAT = 2000
/** The server ends the session of a leader it has not heard from for this long: a frozen one must not hold the lock. */
const SILENCE = '10s'

/**
 * Waits for the lock and runs `work` while it is held, once. The signal is aborted as soon as the lock is lost or `stop`
 * is. Rejects when the connection fails or the work does.
 */
export async function leadOnce(
  url: string,
  work: (signal: AbortSignal) => Promise<void>,
  { stop, standby }: { stop: AbortSignal; standby: () => void },
): Promise<void> {
  const lost = new AbortController()
  const client = new pg.Client({
    connectionString: url,
    application_name: 'funnel-relay-lock',
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
    keepAlive: true,
  })
  const lose = () => lost.abort(new Error('the connection that holds the lock was lost'))
  client.on('error', lose)
  client.on('end', lose)
  const signal = AbortSignal.any([stop, lost.signal])
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined)
  try {
    await client.connect()
    await client.query(`set idle_session_timeout = '${SILENCE}'`)
    while (!signal.aborted) {
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', LOCK)
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
