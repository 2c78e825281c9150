import { measures as kinds, type Measure } from '@funnel/definitions'

/**
 * The rolls of a generation: entries added up by day, sealed in slices of the known axis. A slice holds what was recorded
 * in (known_from, known_to], which lies below the watermark, so it never changes. For each dimension there is a row per
 * value (null: none), and under the dimension TOTAL one for everything; combinations of dimensions are not added up.
 */
export const TOTAL = ''

/** Windows in days that conversions can be asked for from rolls; others are counted from the entries. */
export const WINDOWS = [1, 2, 3, 7, 14, 30, 60, 90, 180, 365] as const

/** SQL: the least window that holds an entry; 0 where the end came no later than the beginning, null beyond the last. */
export const windowOf = (elapsed: string): string =>
  `case when ${elapsed} <= 0 then 0 ${WINDOWS.map((days) => `when ${elapsed} <= ${days * 86_400} then ${days}`).join(' ')} end`

/** SQL: the start of the day in UTC. */
export const dayOf = (instant: string): string => `date_trunc('day', ${instant}, 'UTC')`

/** SQL: the start of the month in UTC. */
export const monthOf = (instant: string): string => `date_trunc('month', ${instant}, 'UTC')`

/** SQL: the day in UTC as a number since 1970-01-01, as rolls have it. */
export const dayNumber = (instant: string): string => `((${instant} at time zone 'UTC')::date - date '1970-01-01')`

/** SQL: the start of the day with this number. */
export const dayStart = (day: string): string => `to_timestamp(${day} * 86400::float8)`

/** SQL: which 32 days a day belongs to. */
export const spanOf = (day: string): string => `(${day}) >> 5`

/**
 * SQL: which class of durations elapsed seconds belong to: of five minutes below an hour, of half an hour below a day, of a
 * day from there on, and of a day below zero. A number that rises with the seconds.
 */
export const tookOf = (elapsed: string): string => `case when ${elapsed} >= 86400 then 57 + ${elapsed} / 86400
  when ${elapsed} >= 3600 then 12 + (${elapsed} - 3600) / 1800 when ${elapsed} >= 0 then ${elapsed} / 300 else floor(${elapsed} / 86400.0) end::int`

/** SQL: whether elapsed seconds belong to a class, in words that an index over the seconds knows. */
export const tookIs = (elapsed: string, took: string): string =>
  `${elapsed} >= ${beginOf(took)} and ${elapsed} < ${beginOf(`(${took} + 1)`)}`

/** SQL: the least seconds of a class. */
const beginOf = (took: string): string => `(case when ${took} >= 58 then (${took} - 57) * 86400::bigint
  when ${took} >= 12 then 3600 + (${took} - 12) * 1800::bigint when ${took} >= 0 then ${took} * 300::bigint else ${took} * 86400::bigint end)`

/**
 * SQL: rolls `r` with a row for each day, value and class, which has "day", value, took, amount, size and seconds beside what
 * the roll has.
 */
export const unrolled = (rolls: string): string =>
  `(select *, unnest(days) "day", unnest("values") value, unnest(tooks) took, unnest(amounts) amount, unnest(sizes) size, unnest(elapsed) seconds from ${rolls} roll) r`

/** Whether a measure adds up money: minor units of the entry's currency. */
export const isMoney = (measure: string): boolean => measure.endsWith('.value')

/** Whether a measure tells by how much a level changes. */
export const isStock = (measure: Measure): boolean => kinds[measure] === 'stock'

const stocks = (Object.keys(kinds) as Measure[]).filter((measure) => isStock(measure) && isMoney(measure))

/**
 * SQL: by how much the entries recorded after `known` and up to now change the sums of money by day, and the number of
 * subjects that hold a part of them, which amounts do not tell. Of a flow those count that hold a part of the day, of a
 * stock those that hold one at its end, less those that did the day before. Reads subject by subject, whatever the planner
 * thinks of it: it cannot know how few they are.
 *
 * @param entry the table
 * @param touched SQL: distinct (measure, stage, currency, dims, subject) of what was recorded since `known`
 * @param where SQL: which entries `e` count, up to now
 */
export const heldSince = (entry: string, known: string, touched: string, where: string): string => `
  select measure, stage, currency, dims, day, sum(now - before) amount, sum(case
      when measure = any('{${stocks.join(',')}}') then (level <> 0)::int - (level - now <> 0)::int - (was <> 0)::int + (was - before <> 0)::int
      else (now <> 0)::int - (before <> 0)::int end) size
  from (
    select *, sum(now) over own level, sum(before) over own was
    from (
      select e.measure, e.stage, e.currency, e.dims, e.subject, ${dayOf('e.occurred_at')} "day",
        sum(e.amount) now, coalesce(sum(e.amount) filter (where e.recorded_at <= ${known}), 0) before
      from (${touched}) t
        cross join lateral (select * from ${entry} own where own.currency is not null and own.subject = t.subject offset 0) e
      where e.measure = t.measure and e.dims = t.dims and e.currency = t.currency and e.stage is not distinct from t.stage and ${where}
      group by 1, 2, 3, 4, 5, 6
    ) held
    window own as (partition by measure, stage, currency, dims, subject order by "day")
  ) x
  group by 1, 2, 3, 4, 5`
