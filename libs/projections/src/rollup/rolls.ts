import { dayNumber, heldSince, monthOf, spanOf, tookOf, TOTAL, windowOf } from '@funnel/ledger'

/** What rolls are told apart by beside their span. */
const KEY = 'dimension, measure, stage, currency, cohort, "window", timed'
/** Those of it that say nothing of a dimension. */
const LINE = 'measure, stage, currency, cohort, "window", timed'
/** The columns of a roll, but its slice. */
export const ROLL_COLUMNS = `${KEY}, span, days, "values", tooks, amounts, sizes, elapsed`
/** The columns of a cell: what a roll has of one day and value, and of one class of durations. */
export const CELL_COLUMNS = `${KEY}, "day", value, took, amount, size, seconds`

/** An array of what either all that are added up have, or none: none then. Most have neither sizes nor seconds. */
const someOf = (column: string) => `array_agg(${column}) filter (where ${column} is not null)`
/** The arrays of a roll from its cells: sizes where it is money, and seconds where it is timed. */
const DAYS = `array_agg("day") days, array_agg(amount) amounts, ${someOf('size')} sizes, ${someOf('seconds')} elapsed`
/** And those of a roll of durations in classes. */
const TOOKS = 'array_agg("day") days, array_agg(took) tooks, array_agg(amount) amounts'

/**
 * SQL: what the rolls of the entries recorded after $1 and up to $2 have to say, by the dimensions $3; a row for each value.
 * It checks `RollUp`, which makes them, and shares no more with it than the windows and which measures are stocks. Added up by numbers that stand for texts, of which there
 * are few: hashing and comparing those of every row is what costs. For the same reason each set of dimension values is taken
 * apart once.
 */
export const rollsOf = (schema: string): string => {
  const touched = 'select distinct measure, stage, currency, dims, subject from known where currency is not null'
  return `
  with known as materialized (
    select measure, stage, currency, occurred_at, cohort_at, elapsed_s, dims, subject, amount
    from ${schema}.entry where recorded_at > $1 and recorded_at <= $2
  ),
  dated as (
    select measure, stage, currency, false cohort, ${dayNumber('occurred_at')} "day", null::int "window", elapsed_s is not null timed, dims,
      amount, null::bigint size, amount * elapsed_s seconds
    from known where currency is null
    union all
    select measure, stage, currency, true, ${dayNumber('cohort_at')}, ${windowOf('elapsed_s')}, false, dims, amount, null, null
    from known where measure = 'converted'
    union all
    select measure, stage, currency, false, ${dayNumber('"day"')}, null, false, dims, amount::bigint, size::bigint, null
    from (${heldSince(`${schema}.entry`, '$1', touched, 'e.recorded_at <= $2')}) held
  ),
  line as materialized (
    select row_number() over () line, * from (
      select ${LINE}, array_agg(dims) all_dims, array_agg("day") all_days, array_agg(amount) all_amounts,
        ${someOf('size')} all_sizes, ${someOf('seconds')} all_seconds
      from dated group by ${LINE}
    ) numbered
  ),
  part as materialized (
    select row_number() over () part, * from (
      select array_agg(dimension) dimensions, array_agg(value) "values", all_dims
      from (
        select dimension, value, array_agg(d.id order by d.id) all_dims -- ordered, since they are compared
        from ${schema}.dims d cross join lateral (select '' dimension, null value union all select key, d.values ->> key from unnest($3::text[]) key) apart
        where d.id in (select unnest(all_dims) from line) group by dimension, value
      ) of_value
      group by all_dims -- a dimension that no entry has is added up with the total
    ) numbered
  ),
  cell as (
    select line, part, "day", ${SUMS}
    from (select line, unnest(all_dims) dims, unnest(all_days) "day", unnest(all_amounts) amount, unnest(all_sizes) size, unnest(all_seconds) seconds from line) of_line
      join (select part, unnest(all_dims) dims from part) of_part using (dims)
    group by line, part, "day" having ${SOMETHING}
  ),
  duration as materialized (
    select row_number() over () line, measure, stage, array_agg(dims) all_dims, array_agg(${dayNumber('occurred_at')}) all_days,
      array_agg(${dayNumber(monthOf('occurred_at'))}) all_months, array_agg(${tookOf('elapsed_s')}) all_tooks, array_agg(amount) all_amounts
    from known where elapsed_s is not null and currency is null group by measure, stage
  ),
  class as (
    select line, part, case when total then "day" else "month" end "day", took, read.total(amount) amount
    from (select line, unnest(all_dims) dims, unnest(all_days) "day", unnest(all_months) "month", unnest(all_tooks) took, unnest(all_amounts) amount from duration) of_line
      join (select part, '${TOTAL}' = any(dimensions) total, unnest(all_dims) dims from part) of_part using (dims)
    group by 1, 2, 3, 4 having read.total(amount) <> 0
  )
  select ${KEY}, span, days, array_fill(value, array[cardinality(days)]) "values", tooks, amounts, sizes, elapsed
  from (
    select ${LINE}, part, span, days, null::int[] tooks, amounts, sizes, elapsed
    from (select line, part, ${spanOf('"day"')} span, ${DAYS} from cell group by 1, 2, 3) rolled join line using (line)
    union all
    select measure, stage, null, null, null, false, part, span, days, tooks, amounts, null, null
    from (select line, part, ${spanOf('"day"')} span, ${TOOKS} from class group by 1, 2, 3) rolled join duration using (line)
  ) roll
    join (select part, unnest(dimensions) dimension, unnest("values") value from part) named using (part)`
}

/**
 * SQL: the rolls of the slices $1 in one. Texts are compared roll by roll, and days only within those of one key and span.
 * What is alike is gathered apart from their order, else they would be sorted by all their texts.
 */
export const mergedRolls = (schema: string): string => `
  with alike as materialized (
    select ${KEY}, span, array_agg(r) parts from ${schema}.roll r where slice = any($1) group by ${KEY}, span
  )
  select ${ROLL_COLUMNS}
  from alike
    cross join lateral (
      select ${DAYS}, ${someOf('took')} tooks, case when dimension <> '${TOTAL}' then array_agg(value) end "values" from (
        select "day", value, took, ${SUMS}
        from (select unnest(days) "day", unnest("values") value, unnest(tooks) took, unnest(amounts) amount, unnest(sizes) size, unnest(elapsed) seconds
          from unnest(parts)) cell
        group by "day", value, took having ${SOMETHING}
      ) cell
    ) rolled
  where days is not null
  order by ${ORDER}`

const SUMS = 'read.total(amount) amount, read.total(size) size, read.total(seconds) seconds'
const SOMETHING = 'read.total(amount) <> 0 or read.total(size) <> 0 or read.total(seconds) <> 0'
/** That of the index within a slice. */
const ORDER = 'dimension, measure, cohort, span'
