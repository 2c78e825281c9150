import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Platform } from './platform.js'
import type { Supervised } from './processes.js'
import { PROMISES } from './sla-load.js'
import type { Told } from './sla-verdicts.js'

const MS = '(extract(epoch from recorded_at) * 1000)::float8'

/** What was sent, by id: when the database recorded it. */
export async function recordedOf(pool: pg.Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ id: string; recorded: number }>(
    `select id, ${MS} recorded from store.event where type in ('lead.captured', 'lead.engaged')`,
  )
  return new Map(rows.map(({ id, recorded }) => [id, Math.round(recorded)]))
}

/** Up to which instant the monitors have judged all; 0 before they have begun. */
async function judged(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ w: number | null }>(
    `select (extract(epoch from w) * 1000)::float8 w from reactor.reactor where name = 'sla-monitor'`,
  )
  return Math.round(rows[0]?.w ?? 0)
}

/** Whether the monitors are so many milliseconds behind at least; not, as far as nobody knows. */
export const areBehind = (pool: pg.Pool, ms: number): Promise<boolean> =>
  judged(pool).then(
    (w) => w > 0 && Date.now() - w >= ms,
    () => false,
  )

/** How long monitors may come on by nothing, in milliseconds. */
const PATIENCE = 120_000

/** Waits until the monitors have judged all up to an instant; gives up to when they have. */
export async function judgedUpTo(pool: pg.Pool, instant: number, { services }: Platform): Promise<number> {
  let w = 0
  for (let moved = Date.now(); Date.now() < moved + PATIENCE; await sleep(100)) {
    const now = await judged(pool)
    if (now > instant) return now
    if (now > w) moved = Date.now()
    w = now
  }
  const { rows } = await pool.query<{ w: Date }>('select w from store.head')
  const states = await Promise.all(services.map(stateOf))
  throw new Error(`judged up to ${iso(w)}, not ${iso(instant)}; the head is ${iso(rows[0]?.w)}\n${states.join('\n')}`)
}

const iso = (instant: Date | number | undefined) => instant && new Date(instant).toISOString()

/** Whether a service is ready, and what it printed last. */
async function stateOf(service: Supervised): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${service.port}/health/ready`, {
    signal: AbortSignal.timeout(2000),
  }).then(
    (response) => response.text(),
    (error: unknown) => String(error),
  )
  return `${service.name}: ${answer}\n${service.log()}`
}

/** The leads that the log has given to somebody else, and told nothing before that of how they ended. */
export async function givenIn(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ lead: string }>(
    `select envelope->'data'->>'lead' lead from store.event given where type = 'lead.assigned' and not exists (
       select from store.event e where e.stream = given.stream and e.version < given.version and e.type = 'lead.engaged')`,
  )
  return new Set(rows.map(({ lead }) => lead))
}

/** What the log tells of the deadlines, and who got a lead because of one. */
export async function toldIn(pool: pg.Pool): Promise<Told[]> {
  interface Row {
    readonly type: string
    readonly recorded: number
    readonly lead: string
    readonly clock: string | null
    readonly start: string | null
    readonly level: string | null
    readonly how: string | null
    readonly lateness: string | null
    readonly outcome: string | null
    readonly historical: string | null
  }
  const { rows } = await pool.query<Row>(
    `select type, ${MS} recorded, d->>'lead' lead, d->>'clock' clock, d->>'start' start, d->>'level' level, d->>'how' how,
       d->>'lateness' lateness, d->>'outcome' outcome, d->>'historical' historical
     from store.event, lateral (select envelope->'data' d) data
     where type = 'lead.assigned' or type like 'sla.%' and d->>'policy' = any($1)`,
    [PROMISES],
  )
  const golden = new Map(rows.flatMap(({ type, lead, clock }) => (type === 'sla.escalated' ? [[lead, clock!]] : [])))
  return rows.map(({ type, recorded, lead, clock, ...row }) => {
    const parts = [row.historical && 'historical', type.replace('sla.', ''), row.outcome, row.how, row.level]
    const what = [...parts, row.lateness === null ? null : String(Number(row.lateness))].filter(Boolean).join(' ')
    return type === 'lead.assigned'
      ? { clock: golden.get(lead) ?? lead, what: 'reassigned', recorded: Math.round(recorded) }
      : { clock: clock!, what, recorded: Math.round(recorded) }
  })
}
