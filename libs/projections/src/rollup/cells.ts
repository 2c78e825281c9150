import { dayNumber, heldSince, spanOf, unrolled, windowOf } from '@funnel/ledger'

/** The columns of a roll, but its slice. */
export const ROLL_COLUMNS =
  'dimension, value, measure, stage, currency, cohort, "window", timed, span, days, amounts, sizes, elapsed'

/** What tells two cells apart, but the day. */
const KEY = 'dimension, value, measure, stage, currency, cohort, "window", timed'
/** The columns of cells: one for each day of a key. */
export const CELL_COLUMNS = `${KEY}, "day", amount, size, seconds`

/**
 * SQL: the cells of what was recorded after $1 and up to $2, for the total and for each of the dimensions $3. Added up by
 * set of dimension values first, and each set is taken apart once.
 */
export const cellsOf = (schema: string): string => {
  const touched = 'select distinct measure, stage, currency, dims, subject from known where currency is not null'
  return `
  with known as materialized (
    select measure, stage, currency, occurred_at, cohort_at, elapsed_s, dims, subject, amount
    from ${schema}.entry where recorded_at > $1 and recorded_at <= $2
  ),
  summed as materialized (
    select measure, stage, currency, false cohort, ${dayNumber('occurred_at')} "day", null::int "window", elapsed_s is not null timed, dims,
      sum(amount)::bigint amount, null::bigint size, sum(amount * elapsed_s)::bigint seconds
    from known where currency is null group by 1, 2, 3, 4, 5, 6, 7, 8
    union all
    select measure, stage, currency, true, ${dayNumber('cohort_at')}, ${windowOf('elapsed_s')}, false, dims, sum(amount)::bigint, null, null
    from known where measure = 'converted' group by 1, 2, 3, 4, 5, 6, 7, 8
    union all
    select measure, stage, currency, false, ${dayNumber('"day"')}, null, false, dims, amount::bigint, size::bigint, null
    from (${heldSince(`${schema}.entry`, '$1', touched, 'e.recorded_at <= $2')}) held
  ),
  taken as materialized (
    select d.id dims, dimension, value
    from ${schema}.dims d cross join lateral (select '' dimension, null value union all select key, d.values ->> key from unnest($3::text[]) key) apart
    where d.id in (select dims from summed)
  )
  select ${KEY}, "day", ${SUMS}
  from summed join taken using (dims)
  group by ${KEY}, "day" having ${SOMETHING}`
}

/** SQL: the cells of the slices $1 in one. */
export const mergedCells = (schema: string): string => `
  select ${KEY}, "day", ${SUMS} from ${unrolled(schema)}
  where r.slice = any($1) group by ${KEY}, "day" having ${SOMETHING}`

/** SQL: the rolls of cells; they are made as they are asked for. */
export const rollsOf = (cells: string): string => `
  select ${KEY}, ${spanOf('"day"')} span, array_agg("day") days, array_agg(amount) amounts,
    case when currency is not null then array_agg(size) end sizes, case when timed then array_agg(seconds) end elapsed
  from (${cells}) cell group by ${KEY}, ${spanOf('"day"')} order by dimension, measure, cohort, span`

const SUMS = 'sum(amount)::bigint amount, sum(size)::bigint size, sum(seconds)::bigint seconds'
const SOMETHING = 'sum(amount) <> 0 or sum(size) <> 0 or sum(seconds) <> 0'
