import type { Instant } from '@funnel/events'
import { millis, type Dims, type Rollable } from '@funnel/ledger'
import type { Generation, Queryable } from '../generation/generation.js'

/** Entries, and when the last of them were recorded. */
export interface Cut {
  readonly entries: readonly Rollable[]
  readonly end: Instant
}

/** Up to when a generation is sealed; -Infinity where nothing is. */
export async function lastSealed(db: Queryable, schema: string): Promise<Instant> {
  const { rows } = await db.query<{ upto: Instant | null }>(
    `select ${millis('max(known_to)')} upto from ${schema}.slice`,
  )
  return rows[0]!.upto ?? -Infinity
}

/**
 * The first `size` entries recorded after an instant, and those of the same instant as the last, read from the table; null
 * while there are fewer below the watermark.
 */
export async function entriesAfter(
  db: Queryable,
  { id, schema }: Pick<Generation, 'id' | 'schema'>,
  after: Instant,
  size: number,
): Promise<Cut | null> {
  // the watermark first: whatever was recorded up to it is seen by every later statement
  const { rows: bounds } = await db.query<{ w: Instant | null }>(
    `select ${millis('w')} w from read.generation where id = $1`,
    [id],
  )
  const w = bounds[0]?.w ?? null
  if (w === null) return null
  const { rows: ends } = await db.query<{ end: Instant }>(
    `select ${millis('recorded_at')} "end" from ${schema}.entry where ${WITHIN} order by recorded_at offset $3 limit 1`,
    [at(after), at(w), size - 1],
  )
  if (!ends[0]) return null
  const { end } = ends[0]
  const { rows } = await db.query<EntryRow>(`select ${COLUMNS} from ${schema}.entry e where ${WITHIN}`, [
    at(after),
    at(end),
  ])
  return { entries: await rollables(db, schema, rows), end }
}

/** The entries of money of these subjects that were recorded up to an instant. */
export async function moneyUpTo(
  db: Queryable,
  schema: string,
  subjects: readonly string[],
  upTo: Instant,
): Promise<Rollable[]> {
  // subject by subject, whatever the planner thinks of it: it cannot know how few they are
  const { rows } = await db.query<EntryRow>(
    `select ${COLUMNS}
     from unnest($1::text[]) s (subject)
       cross join lateral (select * from ${schema}.entry own where own.currency is not null and own.subject = s.subject offset 0) e
     where e.recorded_at <= $2::timestamptz`,
    [subjects, at(upTo)],
  )
  return rollables(db, schema, rows)
}

const COLUMNS = `e.measure, e.amount, e.currency, ${millis('e.occurred_at')} occurred, ${millis('e.cohort_at')} cohort, e.elapsed_s elapsed,
  e.stage, e.subject, e.dims::text set`

type Nullable<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> | null }
interface EntryRow
  extends
    Pick<Rollable, 'measure' | 'amount' | 'occurred'>,
    Nullable<Pick<Required<Rollable>, 'currency' | 'cohort' | 'elapsed' | 'stage'>> {
  readonly subject: string
  readonly set: string
}

/** Makes entries of rows. Each set of dimension values is read once, and is one object: they are few, and most of a row. */
async function rollables(db: Queryable, schema: string, rows: readonly EntryRow[]): Promise<Rollable[]> {
  const { rows: known } = await db.query<{ id: string; values: Dims }>(
    `select id::text, values from ${schema}.dims where id = any($1::bigint[])`,
    [[...new Set(rows.map(({ set }) => set))]],
  )
  const sets = new Map(known.map(({ id, values }) => [id, values]))
  return rows.map(({ currency, cohort, elapsed, stage, subject, set, ...rest }) => ({
    ...rest,
    currency: currency ?? undefined,
    cohort: cohort ?? undefined,
    elapsed: elapsed ?? undefined,
    stage: stage ?? undefined,
    subject: { id: subject },
    dims: sets.get(set)!,
  }))
}

/** An instant for a parameter. */
export const at = (instant: Instant): string => (instant === -Infinity ? '-infinity' : new Date(instant).toISOString())

const WITHIN = 'recorded_at > $1::timestamptz and recorded_at <= $2::timestamptz'
