import type pg from 'pg'

/** Makes so many open clocks or timers of one, each with all that is kept of its lead, and its timer. */
export async function multiply(pool: pg.Pool, one: string, count: number): Promise<void> {
  const others = `generate_series(2, ${count}) i`
  const renamed = (column: string) => `replace(${column}::text, '${one}', 'open-' || i)`
  await pool.query(`
    insert into reactor.state select reactor, ${renamed('key')}, ${renamed('state')}::jsonb from reactor.state, ${others} where key like '%${one}';
    insert into reactor.timer select reactor, ${renamed('id')}, due, cause, ${renamed('data')}::jsonb from reactor.timer, ${others} where id like '%${one}%';
    analyze reactor.state, reactor.timer`)
}

/** Throws unless the log has one breach of each clock of a lead that came due, and no more. */
export async function assertTold(pool: pg.Pool, breaches: number): Promise<void> {
  const { rows } = await pool.query<{ all: number; clocks: number }>(
    `select count(*)::int "all", count(distinct envelope->'data'->>'clock')::int clocks from store.event where type = 'sla.breached' and envelope->'data' ? 'lead'`,
  )
  if (rows[0]!.all !== breaches || rows[0]!.clocks !== breaches)
    throw new Error(`${breaches} clocks came due, but the log has ${JSON.stringify(rows[0])}`)
}
