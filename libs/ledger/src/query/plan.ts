import type { Kpi } from '@funnel/definitions'
import { belongs, type Cut } from './lines.js'
import type { Rank } from './percentile.js'
import { questionOfCell, STAGE, type CellKey, type Question } from './question.js'
import { covering, isRolled, rolled, type Parts } from './rolled.js'
import { tookIs } from './rolls.js'
import { sidesOf, type Side, type SideName } from './side.js'
import { basisColumns, millis, Parameters, schemaOf, type BasisRow, type Statement } from './statement.js'
import { bucketOf, entriesOf } from './sums.js'

/** More cells than this are refused: nobody reads them, and the answer would not fit into a message. */
export const MOST_ROWS = 50_000

/** What the statement of a plan gives: one row per side, cell and currency; one with side null when there is none. */
export interface AnswerRow extends BasisRow {
  readonly side: SideName | null
  readonly bucket: number | null
  readonly key: (string | null)[]
  readonly currency: string | null
  /** Sum of the amounts, in digits: it may be more than a number holds. */
  readonly amount: string
  /** Immature part of the sum. */
  readonly immature: number
  /** Money: how many subjects hold a part of it that is not zero; of a stock: how many more than in the bucket before. */
  readonly size: number | null
  /** Percentiles: the least weight of a value; below zero the ledger is wrong. */
  readonly least: number | null
  /** Means: sum of the values. */
  readonly seconds: number | null
  /** Percentiles: the two values that it lies between. */
  readonly low: number | null
  readonly high: number | null
}

/** A cut, and by which dimensions the rolls of its generation are added up. */
export interface RolledCut extends Cut {
  readonly rolled: readonly string[]
}

/**
 * The statement that answers a checked question from one generation, with the generation's row in the same snapshot.
 * `answer` makes cells of what it gives. Sums come from the rolls where they can, with the entries that these do not hold.
 */
export const plan = (question: Question, kpi: Kpi, cut: RolledCut): Statement =>
  planSides(question, sidesOf(kpi.formula), cut)

/** As `plan`, from nothing but the entries: what every other way must equal. */
export const planFromEntries = (question: Question, kpi: Kpi, cut: Cut): Statement =>
  fromEntries(question, sidesOf(kpi.formula), cut)

/**
 * The statement that adds up one side of a cell: a row per currency, without bucket and key. Durations are counted, whatever
 * is asked of them.
 */
export function planTotal(question: Question, kpi: Kpi, cut: RolledCut, name: SideName, cell: CellKey): Statement {
  const sides = sidesOf(kpi.formula).filter((side) => side.name === name)
  return planSides(
    questionOfCell(question, cell),
    sides.map(({ rank, ...side }): Side => (rank ? { ...side, shape: 'mean' } : side)),
    cut,
  )
}

const planSides = (question: Question, sides: readonly Side[], cut: RolledCut): Statement =>
  isRolled(question, sides, cut.rolled) ? fromRolls(question, sides, cut) : fromEntries(question, sides, cut)

function fromRolls(question: Question, sides: readonly Side[], cut: Cut): Statement {
  const parameters = new Parameters()
  const slices = covering(cut, parameters)
  const parts = sides.map((side) => rolled(side, question, cut, parameters))
  const added = cells(question, cut, parameters, {
    entries: parts.flatMap(({ entries }) => entries),
    rolls: parts.flatMap(({ rolls }) => rolls),
  })
  const asked = sides.find(isRanked)
  const last = asked ? percentilesOfClasses(question, asked, cut, parameters) : sums
  return statement(cut, parameters, `s as (${slices}),\n${added},\n${last}`)
}

function fromEntries(question: Question, sides: readonly Side[], cut: Cut): Statement {
  const parameters = new Parameters()
  const asked = sides.find(isRanked)
  if (asked) return statement(cut, parameters, percentiles(question, asked, cut, parameters))
  const entry = `${schemaOf(cut.generation)}.entry e where `
  const entries = sides.map((side) =>
    entriesOf(side, question, cut, parameters, entry + belongs(side, question, cut, parameters)),
  )
  return statement(cut, parameters, `${cells(question, cut, parameters, { entries, rolls: [] })},\n${sums}`)
}

/** A side whose durations are asked for a percentile. */
type Ranked = Side & { readonly rank: Rank }
const isRanked = (side: Side): side is Ranked => side.rank !== undefined

/** The statement that gives what the last of these CTEs, a, holds. */
function statement(cut: Cut, parameters: Parameters, ctes: string): Statement {
  const text = `with g as (select * from read.generation where id = ${parameters.add(cut.generation)}),
${ctes}
select ${basisColumns}, a.side, ${millis('a.bucket')} bucket, a.key, a.currency, a.amount::text amount, a.immature, a.size, a.least, a.seconds, a.low, a.high
from g left join a on true limit ${MOST_ROWS + 1}`
  return parameters.statement(cut.generation, text)
}

/** First step, of all that is added up from parts: the CTE c, what each cell has. */
function cells(question: Question, cut: Cut, parameters: Parameters, { entries, rolls }: Parts): string {
  const key = question.by.map((dimension) =>
    dimension === STAGE ? 'l.stage' : `d.values ->> ${parameters.add(dimension)}`,
  )
  const valued = `  select l.side, l.bucket, array[${key.join(', ')}]::text[] key, l.currency, l.elapsed, l.amount, l.immature, l.size, l.seconds
  from l left join ${schemaOf(cut.generation)}.dims d on d.id = l.dims`
  return `l as (
${entries.join('\n  union all\n')}
),
v as (
${[valued, ...rolls].join('\n  union all\n')}
),
c as (
  select side, bucket, key, currency, elapsed, sum(amount) amount, sum(immature)::bigint immature, sum(size)::bigint size, sum(seconds) seconds
  from v group by 1, 2, 3, 4, 5
)`
}

/** Second step, of counts, money and means: the cells are there already. */
const sums = `a as (select side, bucket, key, currency, amount, immature, size,
  null::bigint least, seconds::float8, null::bigint low, null::bigint high from c)`

/** SQL: the values number `low` and `high` of a cell of `n`, from 0. */
const lowOf = ({ numerator, denominator }: Rank) => `(n - 1) * ${numerator} / ${denominator}`
const highOf = ({ numerator, denominator }: Rank) => `((n - 1) * ${numerator} + ${denominator - 1}) / ${denominator}`

/** SQL by which entries `e` find the cell that a question puts them into. */
interface Numbered {
  /** The CTE k: the cells, in numbers, as comparing texts for each of the entries is what costs. */
  readonly ctes: string
  readonly join: string
  readonly cell: string
}

function numbered({ by }: Question, cut: Cut, parameters: Parameters): Numbered {
  if (!by.length) return { ctes: `k as (select 1 cell, '{}'::text[] key)`, join: '', cell: '1' }
  const values = by.map((dimension, index) => `d.values ->> ${parameters.add(dimension)} v${index}`)
  const key = by.map((_, index) => `v${index}`).join(', ')
  const ctes = `k as materialized (
  select row_number() over () cell, array[${key}]::text[] key, ids from (
    select ${values.join(', ')}, array_agg(d.id) ids from ${schemaOf(cut.generation)}.dims d group by ${key}
  ) keys
),
i as materialized (select cell, unnest(ids) dims from k)`
  return { ctes, join: 'join i using (dims)', cell: 'i.cell' }
}

/** CTEs of percentiles: what each cell has, from x, its values with how many there are up to each. */
const ranked = ({ name, rank }: Ranked, least: string) => `p as (
  select bucket, cell, null::text currency, max(n) amount, 0::bigint immature, null::bigint size, min(${least}) least, null::float8 seconds,
    min(elapsed) filter (where upto > ${lowOf(rank)}) low, min(elapsed) filter (where upto > ${highOf(rank)}) high
  from x group by 1, 2
),
a as (select '${name}' side, k.key, p.* from p join k using (cell))`

/**
 * All steps, of percentiles from entries: the weights of equal values are added up; `upto` counts the values up to this
 * one, so the value number k (from 0) is the least with upto > k.
 */
function percentiles(question: Question, side: Ranked, cut: Cut, parameters: Parameters): string {
  const { ctes, join, cell } = numbered(question, cut, parameters)
  return `${ctes},
c as (
  select ${bucketOf(question, side, `e.${side.at}`, parameters)} bucket, ${cell} cell, e.elapsed_s elapsed, read.total(e.amount) amount
  from ${schemaOf(cut.generation)}.entry e ${join} where ${belongs(side, question, cut, parameters)}
  group by 1, 2, 3 having read.total(e.amount) <> 0
),
x as (
  select bucket, cell, elapsed, amount, read.total(amount) over (own order by elapsed) upto, read.total(amount) over own n
  from c window own as (partition by bucket, cell)
),
${ranked(side, 'amount')}`
}

/**
 * Second and third step, of percentiles whose cells come in classes of durations: which classes hold the values looked for,
 * and how many values lie before these; then the entries of those classes alone tell the seconds. What is read of these an
 * index holds.
 */
function percentilesOfClasses(question: Question, side: Ranked, cut: Cut, parameters: Parameters): string {
  const { rank } = side
  const entry = `${schemaOf(cut.generation)}.entry`
  const columns = 'measure, stage, dims, elapsed_s, amount, occurred_at, recorded_at'
  const { ctes, join, cell } = numbered(question, cut, parameters)
  return `${ctes},
w as materialized (
  select bucket, k.cell, elapsed took, upto - amount before, n, least
  from (
    select bucket, key, elapsed, amount, min(amount) over own least,
      (sum(amount) over (own order by elapsed))::bigint upto, (sum(amount) over own)::bigint n
    from c where amount <> 0 window own as (partition by bucket, key)
  ) class join k using (key)
  where (upto > ${lowOf(rank)} and upto - amount <= ${lowOf(rank)}) or (upto > ${highOf(rank)} and upto - amount <= ${highOf(rank)})
),
near as materialized (
  select w.took, e.*
  from (select distinct took from w) w
    cross join lateral (
      select ${columns} from ${entry} e where e.measure = any(${parameters.add(side.measures)}) and ${tookIs('e.elapsed_s', 'w.took')} offset 0
    ) e
),
e as (
  select w.bucket, w.cell, w.took, w.before, w.n, w.least, e.elapsed_s elapsed, read.total(e.amount) amount
  from near e ${join}
    join w on w.took = e.took and w.cell = ${cell} and w.bucket is not distinct from ${bucketOf(question, side, `e.${side.at}`, parameters)}
  where ${belongs(side, question, cut, parameters)}
  group by 1, 2, 3, 4, 5, 6, 7 having read.total(e.amount) <> 0
),
x as (
  select bucket, cell, elapsed, n, least, before + read.total(amount) over (partition by bucket, cell, took order by elapsed) upto from e
),
${ranked(side, 'least')}`
}
