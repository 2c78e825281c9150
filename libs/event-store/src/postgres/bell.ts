import pg from 'pg'

/** Wakes the readers of the store after a commit. */
export interface Bell {
  /** Notifies soon; many rings at once are one notification. Never throws: a lost one only costs a poll. */
  ring(): void
  close(): Promise<void>
}

/**
 * NOTIFY funnel_append on a connection of its own, outside the append's transaction and without waiting for the disk, so
 * that writers never queue behind the lock of the notification queue.
 */
export function createBell(url: string): Bell {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'funnel-bell',
    options: '-c synchronous_commit=off',
  })
  pool.on('error', () => undefined)
  let rung = false
  let running: Promise<unknown> | undefined
  const notify = async () => {
    while (rung) {
      rung = false
      await pool.query('notify funnel_append').catch(() => undefined)
    }
    running = undefined
  }
  return {
    ring() {
      rung = true
      running ??= notify()
    },
    async close() {
      rung = false
      await running
      await pool.end()
    },
  }
}
