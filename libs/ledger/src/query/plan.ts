import type { Kpi } from '@funnel/definitions'
import { belongs, maturity, type Cut } from './lines.js'
import { ranks, type Rank } from './percentile.js'
import { STAGE, type Question } from './question.js'
import { sidesOf, type Side, type SideName } from './side.js'
import { basisColumns, millis, Parameters, schemaOf, type BasisRow, type Statement } from './statement.js'

/** More cells than this are refused: nobody reads them, and the answer would not fit into a message. */
export const MOST_ROWS = 50_000

/** What the statement of a plan gives: one row per side, cell and currency; one with side null when there is none. */
export interface AnswerRow extends BasisRow {
  readonly side: SideName | null
  readonly bucket: number | null
  readonly key: (string | null)[]
  readonly currency: string | null
  /** Sum of the amounts. */
  readonly amount: number
  /** Immature part of the sum. */
  readonly immature: number
  /** Money: how many subjects hold a part of it that is not zero; of a stock: how many more than in the bucket before. */
  readonly size: number | null
  /** Durations: the least weight of a value; below zero the ledger is wrong. */
  readonly least: number | null
  /** Durations: sum of the values, and the two that the percentile lies between. */
  readonly seconds: number | null
  readonly low: number | null
  readonly high: number | null
}

/**
 * The statement that answers a checked question from one generation, with the generation's row in the same snapshot.
 * `answer` makes cells of what it gives.
 */
export function plan(question: Question, kpi: Kpi, cut: Cut): Statement {
  const parameters = new Parameters()
  const schema = schemaOf(cut.generation)
  const sides = sidesOf(kpi.formula)
  const generation = parameters.add(cut.generation)
  const shape: Shape = sides[0].elapsed
    ? 'elapsed'
    : sides.some(({ measures }) => measures.some(isMoney))
      ? 'money'
      : 'count'
  const inner = sides.map((side) => lines(side, shape, question, cut, parameters)).join('\n  union all\n')
  const key = question.by.map((dimension) =>
    dimension === STAGE ? 'l.stage' : `d.values ->> ${parameters.add(dimension)}`,
  )
  const rank = 'elapsed' in kpi.formula && kpi.formula.elapsed.stat === 'p90' ? ranks.p90 : ranks.median
  const text = `with g as (select * from read.generation where id = ${generation}),
l as (
${inner}
),
c as (
  select l.side, l.bucket, array[${key.join(', ')}]::text[] key, l.currency, l.elapsed,
    sum(l.amount)::bigint amount, sum(l.immature)::bigint immature, sum(l.size)::bigint size
  from l left join ${schema}.dims d on d.id = l.dims
  group by 1, 2, 3, 4, 5
),
a as (${shape === 'elapsed' ? durations(rank) : sums})
select ${basisColumns}, a.side, ${millis('a.bucket')} bucket, a.key, a.currency, a.amount, a.immature, a.size, a.least, a.seconds, a.low, a.high
from g left join a on true limit ${MOST_ROWS + 1}`
  return parameters.statement(cut.generation, text)
}

/** Whether a measure adds up money: minor units of the entry's currency. */
const isMoney = (measure: string): boolean => measure.endsWith('.value')

type Shape = 'count' | 'money' | 'elapsed'

/** First step: sums per set of dimension values, straight from the entries. */
function lines(side: Side, shape: Shape, question: Question, cut: Cut, parameters: Parameters): string {
  const time = `e.${side.at}`
  const bucket = question.bucket ? bucketOf(question, side, time, parameters) : 'null::timestamptz'
  const columns = [
    `'${side.name}' side`,
    `${bucket} bucket`,
    'e.dims',
    `${question.by.includes(STAGE) ? 'e.stage' : 'null::text'} stage`,
    'e.currency',
    `${shape === 'elapsed' ? 'e.elapsed_s' : 'null::bigint'} elapsed`,
  ].join(', ')
  const where = belongs(side, question, cut, parameters)
  const from = `from ${schemaOf(cut.generation)}.entry e where ${where}`
  if (shape === 'money') return sized(side, columns, from)
  let amount = 'sum(e.amount) amount, 0 immature'
  if (side.matureAfter !== undefined) {
    const mature = `${time} <= ${maturity(side.matureAfter, cut, parameters)}`
    amount = `coalesce(sum(e.amount) filter (where ${mature}), 0) amount, coalesce(sum(e.amount) filter (where not (${mature})), 0) immature`
  }
  return `  select ${columns}, ${amount}, null::bigint size
  ${from}
  group by 1, 2, 3, 4, 5, 6`
}

/**
 * Sums of money with the number of subjects behind them, which amounts do not tell: of a flow those that hold a part in
 * the bucket, of a stock how many more than before it, since what a subject holds adds up over the buckets.
 */
function sized(side: Side, columns: string, from: string): string {
  const held = `select ${columns}, e.subject, sum(e.amount) amount ${from} group by 1, 2, 3, 4, 5, 6, 7`
  const size = side.stock ? 'sum((run <> 0)::int - (run <> amount)::int)' : 'count(*) filter (where amount <> 0)'
  const run = `select *, sum(amount) over (partition by dims, stage, currency, subject order by bucket) run from (${held}) held`
  return `  select side, bucket, dims, stage, currency, elapsed, sum(amount) amount, 0 immature, ${size} size
  from (${side.stock ? run : held}) x
  group by 1, 2, 3, 4, 5, 6`
}

/** A stock's first bucket holds everything before it as well: where it starts from. */
function bucketOf(question: Question, side: Side, time: string, parameters: Parameters): string {
  const unit = parameters.add(question.bucket ?? 'day')
  const start = (instant: string) => `date_trunc(${unit}, ${instant}, 'UTC')`
  return side.stock && question.from !== undefined
    ? start(`greatest(${time}, ${parameters.at(question.from)})`)
    : start(time)
}

/** Second step, of counts and money: the cells are there already. */
const sums = `select side, bucket, key, currency, amount, immature, size,
  null::bigint least, null::float8 seconds, null::bigint low, null::bigint high from c`

/**
 * Second step, of durations: the weights of equal values are added up; `upto` counts the values up to this one, so the
 * value number k (from 0) is the least with upto > k.
 */
const durations = ({ numerator, denominator }: Rank) => `
  select side, bucket, key, null::text currency, max(n) amount, 0::bigint immature, null::bigint size,
    min(amount) least, sum(amount::numeric * elapsed)::float8 seconds,
    min(elapsed) filter (where upto > (n - 1) * ${numerator} / ${denominator}) low,
    min(elapsed) filter (where upto > ((n - 1) * ${numerator} + ${denominator - 1}) / ${denominator}) high
  from (
    select side, bucket, key, elapsed, amount,
      (sum(amount) over (partition by bucket, key order by elapsed))::bigint upto,
      (sum(amount) over (partition by bucket, key))::bigint n
    from c where amount <> 0
  ) x group by 1, 2, 3
`
