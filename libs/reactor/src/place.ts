import type pg from 'pg'
import { FunnelError, type Head, type Instant, type Positions } from '@funnel/events'
import type { Json, Timer } from './reactor.js'
import type { Stepped } from './steps.js'

/** How far a reactor has come. */
export interface Place {
  readonly epoch: string
  /** The fence: how many transactions have moved it. */
  readonly fold: number
  readonly positions: Positions
  readonly w: Instant | null
  /** What was known by then is taken in and leads to nothing: history that was there before the reactor. */
  readonly quietUntil: Instant | null
}

/** Where a reactor keeps its place, its states and its timers. One process at a time moves it, by the fence. */
export interface Keep<State extends Json> {
  readonly place: Place
  /** States by key; those that there are. */
  load(keys: readonly string[]): Promise<ReadonlyMap<string, State>>
  /** Timers that are due at or before `w`, the first so many in the order of (due, id). */
  dueBy(w: Instant, atMost: number): Promise<readonly Timer[]>
  /** Saves a batch: all of it or nothing. Throws FENCED when another process has moved the place. */
  save(stepped: Stepped<State, unknown>, positions: Positions, w: Instant): Promise<void>
}

const PLACE = `epoch, fold, positions, (extract(epoch from w) * 1000)::bigint w, (extract(epoch from quiet_until) * 1000)::bigint "quietUntil"`

/**
 * The place of a reactor; a new one begins at the start of the log, and is quiet about what was known up to `history` where
 * the log begins with a history in which the reactor had its part, else up to the watermark of now. After a restore of the
 * store, which is another log, it begins anew likewise; what was put back is the history then, so that what came due or was
 * recorded since leads to what it would have led to. `atEnd`: it begins at the end.
 */
export async function keepOf<State extends Json>(
  pool: pg.Pool,
  name: string,
  head: Head,
  history?: Instant,
  atEnd = false,
): Promise<Keep<State>> {
  const { rows: known } = await pool.query<{ epoch: string }>('select epoch from reactor.reactor where name = $1', [
    name,
  ])
  if (known[0]?.epoch !== head.epoch) await beginAnew(pool, name, head, atEnd ? head.positions : {}, history)
  const { rows } = await pool.query<Place>(`select ${PLACE} from reactor.reactor where name = $1`, [name])
  let place = rows[0]!

  return {
    get place() {
      return place
    },
    async load(keys) {
      const { rows: states } = await pool.query<{ key: string; state: State }>({
        name: 'reactor-load',
        text: 'select key, state from reactor.state where reactor = $1 and key = any($2)',
        values: [name, keys],
      })
      return new Map(states.map(({ key, state }) => [key, state]))
    },
    async dueBy(w, atMost) {
      const { rows: timers } = await pool.query<Timer>({
        name: 'reactor-due',
        text: `select id, (extract(epoch from due) * 1000)::bigint due, cause, data from reactor.timer
               where reactor = $1 and due <= $2 order by timer.due, id limit $3`,
        values: [name, new Date(w), atMost],
      })
      return timers
    },
    async save({ states, armed, gone }, positions, w) {
      const { rowCount } = await pool.query({
        name: 'reactor-save',
        text: SAVE,
        values: [
          name,
          place.fold,
          JSON.stringify(positions),
          new Date(w),
          JSON.stringify([...states].flatMap(([key, state]) => (state === undefined ? [] : [{ key, state }]))),
          [...states].flatMap(([key, state]) => (state === undefined ? [key] : [])),
          JSON.stringify([...armed.values()].map((timer) => ({ ...timer, due: new Date(timer.due).toISOString() }))),
          [...gone],
        ],
      })
      if (!rowCount)
        throw new FunnelError('FENCED', `the reactor ${name} is moved on by another process`, { reactor: name })
      place = { ...place, fold: place.fold + 1, positions, w }
    },
  }
}

/** One statement, so one transaction: nothing of it happens where the fence has moved. A null of JSON is none of SQL. */
const SAVE = `
  with fenced as (
    update reactor.reactor set fold = fold + 1, positions = $3, w = $4 where name = $1 and fold = $2 returning name
  ),
  kept as (
    insert into reactor.state (reactor, key, state)
    select f.name, s.key, coalesce(s.state, 'null') from fenced f, jsonb_to_recordset($5::jsonb) s (key text, state jsonb) order by s.key
    on conflict (reactor, key) do update set state = excluded.state
  ),
  forgotten as (delete from reactor.state s using fenced f where s.reactor = f.name and s.key = any($6)),
  armed as (
    insert into reactor.timer (reactor, id, due, cause, data)
    select f.name, t.id, t.due, t.cause, coalesce(t.data, 'null')
    from fenced f, jsonb_to_recordset($7::jsonb) t (id text, due timestamptz, cause jsonb, data jsonb) order by t.id
    on conflict (reactor, id) do update set due = excluded.due, cause = excluded.cause, data = excluded.data
  ),
  gone as (delete from reactor.timer t using fenced f where t.reactor = f.name and t.id = any($8))
  select from fenced`

async function beginAnew(pool: pg.Pool, name: string, head: Head, from: Positions, quietUntil = head.w): Promise<void> {
  // nothing was recorded yet: what comes is all new, even if it comes before this reactor is there
  const quiet = Object.keys(head.positions).length ? new Date(quietUntil) : null
  await pool.query(
    `with place as (
       insert into reactor.reactor (name, epoch, quiet_until, positions) values ($1, $2, $3, $4)
       on conflict (name) do update set epoch = excluded.epoch, quiet_until = excluded.quiet_until, positions = excluded.positions, w = null, fold = reactor.fold + 1
       returning name
     ),
     states as (delete from reactor.state s using place p where s.reactor = p.name)
     delete from reactor.timer t using place p where t.reactor = p.name`,
    [name, head.epoch, quiet, JSON.stringify(from)],
  )
}
