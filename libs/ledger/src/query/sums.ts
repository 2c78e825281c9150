import { maturity, type Cut } from './lines.js'
import { STAGE, type Question } from './question.js'
import { tookOf } from './rolls.js'
import type { Side } from './side.js'
import type { Parameters } from './statement.js'

/** SQL: what stands for the seconds of what is no mean. */
export const NO_SECONDS = 'null::numeric'

/** SQL: sums of entries `e` of a side by bucket and set of dimension values. `from` says which: a table and its where. */
export function entriesOf(side: Side, question: Question, cut: Cut, parameters: Parameters, from: string): string {
  const time = `e.${side.at}`
  const columns = [
    `'${side.name}' side`,
    `${bucketOf(question, side, time, parameters)} bucket`,
    'e.dims',
    `${question.by.includes(STAGE) ? 'e.stage' : 'null::text'} stage`,
    'e.currency',
    `${side.shape === 'percentile' ? tookOf('e.elapsed_s') : 'null'}::bigint elapsed`,
  ].join(', ')
  if (side.shape === 'money') return sized(side, columns, from)
  let amount = 'sum(e.amount) amount, 0 immature'
  if (side.matureAfter !== undefined) {
    const mature = `${time} <= ${maturity(side.matureAfter, cut, parameters)}`
    amount = `coalesce(sum(e.amount) filter (where ${mature}), 0) amount, coalesce(sum(e.amount) filter (where not (${mature})), 0) immature`
  }
  return `  select ${columns}, ${amount}, null::bigint size, ${side.shape === 'mean' ? 'sum(e.amount * e.elapsed_s)' : NO_SECONDS} seconds
  from ${from}
  group by 1, 2, 3, 4, 5, 6`
}

/**
 * Sums of money with the number of subjects behind them, which amounts do not tell: of a flow those that hold a part in
 * the bucket, of a stock how many more than before it, since what a subject holds adds up over the buckets.
 */
function sized(side: Side, columns: string, from: string): string {
  const held = `select ${columns}, e.subject, sum(e.amount) amount from ${from} group by 1, 2, 3, 4, 5, 6, 7`
  const size = side.stock ? 'sum((run <> 0)::int - (run <> amount)::int)' : 'count(*) filter (where amount <> 0)'
  const run = `select *, sum(amount) over (partition by dims, stage, currency, subject order by bucket) run from (${held}) held`
  return `  select side, bucket, dims, stage, currency, elapsed, sum(amount) amount, 0 immature, ${size} size, ${NO_SECONDS} seconds
  from (${side.stock ? run : held}) x
  group by 1, 2, 3, 4, 5, 6`
}

/** SQL: the bucket of an instant. A stock's first bucket holds everything before it as well: where it starts from. */
export function bucketOf(question: Question, side: Side, time: string, parameters: Parameters): string {
  if (!question.bucket) return 'null::timestamptz'
  const unit = parameters.add(question.bucket)
  const start = (instant: string) => `date_trunc(${unit}, ${instant}, 'UTC')`
  return side.stock && question.from !== undefined
    ? start(`greatest(${time}, ${parameters.at(question.from)})`)
    : start(time)
}
