import type pg from 'pg'

/** How many clocks have a warning, a deadline or an escalation ahead of them. */
export async function waitingClocks(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) from reactor.timer where reactor = 'sla-monitor' and data ? 'clock' and not data ? 'over'`,
  )
  return Number(rows[0]!.count)
}
