import { dayOf, heldSince, windowOf } from '@funnel/ledger'

/** The columns of a roll, but its slice. */
export const ROLL_COLUMNS = 'dimension, value, measure, stage, currency, cohort, "day", "window", amount, size'

const CELL = 'dimension, value, measure, stage, currency, cohort, "day", "window"'

/**
 * SQL: the rolls of what was recorded after $1 and up to $2, for the total and for each of the dimensions $3. Added up by
 * set of dimension values first: there are fewer sets of a day than entries, and each set is then taken apart once.
 */
export const cellsOf = (schema: string): string => {
  const known = `e.recorded_at > $1 and e.recorded_at <= $2`
  const from = `from ${schema}.entry e where ${known}`
  const touched = `select distinct e.measure, e.stage, e.currency, e.dims, e.subject ${from} and e.currency is not null`
  return `
  with cell as (
    select measure, stage, currency, false cohort, ${dayOf('e.occurred_at')} "day", null::int "window", dims, sum(amount)::bigint amount, null::bigint size
    ${from} and e.currency is null group by 1, 2, 3, 4, 5, 6, 7
    union all
    select measure, stage, currency, true, ${dayOf('e.cohort_at')}, ${windowOf('e.elapsed_s')}, dims, sum(amount)::bigint, null
    ${from} and e.measure = 'converted' group by 1, 2, 3, 4, 5, 6, 7
    union all
    select measure, stage, currency, false, "day", null, dims, amount::bigint, size::bigint
    from (${heldSince(`${schema}.entry`, '$1', touched, 'e.recorded_at <= $2')}) held
  )
  select ${CELL}, sum(amount)::bigint amount, sum(size)::bigint size
  from cell join ${schema}.dims d on d.id = cell.dims
    cross join lateral (select '' dimension, null value union all select key, d.values ->> key from unnest($3::text[]) key) taken
  group by ${CELL} having ${SOMETHING}`
}

/** SQL: the rolls of the slices $1 in one. */
export const mergedCells = (schema: string): string => `
  select ${CELL}, sum(amount)::bigint amount, sum(size)::bigint size from ${schema}.roll
  where slice = any($1) group by ${CELL} having ${SOMETHING}`

const SOMETHING = 'sum(amount) <> 0 or sum(size) <> 0'
