import { endOf, startOf } from './bucket.js'
import { belongs, isOneOf, maturity, type Cut } from './lines.js'
import { STAGE, type Question } from './question.js'
import { dayNumber, dayOf, dayStart, heldSince, isMoney, spanOf, TOTAL, unrolled, WINDOWS } from './rolls.js'
import type { Side } from './side.js'
import { bucketOf, entriesOf, NO_SECONDS } from './sums.js'
import { schemaOf, type Parameters } from './statement.js'

const DAY = 86_400_000

/** What the sums of a side are made of: rows by set of dimension values from entries, and rows by value from rolls. */
export interface Parts {
  readonly entries: readonly string[]
  readonly rolls: readonly string[]
}

/** The whole days, or months, of a period, half-open, and what of it lies in those that are cut. Absent: without a bound. */
interface Days {
  readonly from: number | undefined
  readonly to: number | undefined
  readonly cut: readonly (readonly [from: number, to: number])[]
}

/**
 * Whether the rolls, which are added up by these dimensions, can answer: they tell at most one dimension beside the stage,
 * by it percentiles only of whole months, and conversions within the windows that they know.
 */
export function isRolled(question: Question, sides: readonly Side[], by: readonly string[]): boolean {
  const dimensions = dimensionsOf(question)
  if (dimensions.length > 1 || dimensions.some((dimension) => !by.includes(dimension))) return false
  return sides.every((side) => isRolledSide(question, side))
}

function isRolledSide(question: Question, side: Side): boolean {
  const days = daysOf(question, side)
  if (!days) return false
  if (isMonthly(question, side) && (question.bucket === 'day' || question.bucket === 'week')) return false
  if (side.within !== undefined && !WINDOWS.some((days) => days * 86_400 === side.within)) return false
  if (side.at === 'cohort_at' && side.measures.some((measure) => measure !== 'converted')) return false
  if (side.shape !== 'money') return true
  // subjects are counted once over several measures by their entries only
  return side.measures.length === 1 && side.measures.every(isMoney)
}

/** The dimensions beside the stage that a question needs told apart. */
const dimensionsOf = ({ by, filters }: Question): readonly string[] => [
  ...new Set([...by, ...filters.map(({ dimension }) => dimension)].filter((dimension) => dimension !== STAGE)),
]

/** Whether what the rolls tell of a side is added up by month, not by day. */
const isMonthly = (question: Question, { shape }: Side): boolean =>
  shape === 'percentile' && dimensionsOf(question).length > 0

/** Nothing where no whole day, or month, lies in the period. */
function daysOf(question: Question, side: Side): Days | undefined {
  const begin = side.stock ? undefined : question.from
  const ends = [question.to, question.asOf === undefined ? undefined : question.asOf + 1].filter(
    (end) => end !== undefined,
  )
  const end = ends.length ? Math.min(...ends) : undefined
  const unit = isMonthly(question, side) ? 'month' : 'day'
  const to = end === undefined ? undefined : startOf(unit, end)
  const start = begin === undefined ? undefined : startOf(unit, begin)
  const from = start === undefined || start === begin ? start : endOf(unit, start)
  if (from !== undefined && to !== undefined && from >= to) return undefined
  const cut: [number, number][] = []
  if (begin !== undefined && from !== undefined && begin < from) cut.push([begin, from])
  if (end !== undefined && to !== undefined && to < end) cut.push([to, end])
  return { from, to, cut }
}

/** SQL of the CTE s: the largest slices that hold nothing recorded after the cut, and up to when they reach. */
export const covering = ({ generation, knownAt }: Cut, parameters: Parameters): string => {
  const at = knownAt === undefined ? `'infinity'::timestamptz` : parameters.at(knownAt)
  return `select coalesce(array_agg(id), '{}') ids, coalesce(max(known_to), '-infinity') upto
  from ${schemaOf(generation)}.slice where known_to <= ${at} and (parent_to is null or parent_to > ${at})`
}

const SEALED = '(select upto from s)'
const SLICES = '(select ids from s)::int[]'

/** The parts of a side that `isRolled` found answerable; durations come in classes. Need the CTEs g and s. */
export function rolled(side: Side, question: Question, cut: Cut, parameters: Parameters): Parts {
  const days = daysOf(question, side)
  if (!days) throw new RangeError('no whole day: such a question is answered from the entries')
  const entry = `${schemaOf(cut.generation)}.entry`
  const time = `e.${side.at}`
  const where = () => belongs(side, question, cut, parameters)
  const sealed = (from: string) =>
    entriesOf(side, question, cut, parameters, `${entry} e where ${from} and e.recorded_at <= ${SEALED} and ${where()}`)
  const edges = days.cut.map(([from, to]) =>
    side.shape === 'money' && side.stock
      ? standing(side, question, cut, parameters, from, where)
      : sealed(`${time} >= ${parameters.at(from)} and ${time} < ${parameters.at(to)}`),
  )
  if (side.matureAfter !== undefined) edges.push(sealed(maturingDay(side, side.matureAfter, days, cut, parameters)))
  return {
    entries: [...edges, tail(side, question, cut, parameters, where)],
    rolls: [rolls(side, question, cut, days, parameters)],
  }
}

/** SQL: what the slices hold of the whole days. */
function rolls(side: Side, question: Question, cut: Cut, days: Days, parameters: Parameters): string {
  const [dimension = TOTAL] = dimensionsOf(question)
  const terms = [
    `r.dimension = ${parameters.add(dimension)}`,
    `r.measure = any(${parameters.add(side.measures)})`,
    side.shape === 'percentile' ? 'r.cohort is null' : side.at === 'cohort_at' ? 'r.cohort' : 'not r.cohort',
    `r.slice = any(${SLICES})`,
  ]
  if (side.stage !== undefined) terms.push(`r.stage = ${parameters.add(side.stage)}`)
  if (side.shape === 'mean') terms.push('r.timed')
  if (days.from !== undefined) terms.push(...fromDay(parameters.add(days.from / DAY)))
  if (days.to !== undefined) terms.push(...untilDay(parameters.add(days.to / DAY)))
  if (side.within !== undefined) terms.push(`r."window" between 1 and ${parameters.add(side.within / 86_400)}`)
  for (const filter of question.filters)
    terms.push(isOneOf(filter, filter.dimension === STAGE ? 'r.stage' : 'r.value', parameters))
  let amount = 'sum(r.amount) amount, 0 immature'
  if (side.matureAfter !== undefined) {
    const day = `(select ${dayNumber(`(${maturity(side.matureAfter, cut, parameters)})`)})`
    terms.push(`"day" <> ${day}`)
    amount = `coalesce(sum(r.amount) filter (where "day" < ${day}), 0) amount, coalesce(sum(r.amount) filter (where "day" > ${day}), 0) immature`
  }
  const key = question.by.map((dimension) => (dimension === STAGE ? 'r.stage' : 'r.value'))
  const bucket = bucketOf(question, side, dayStart('"day"'), parameters)
  return `  select '${side.name}' side, ${bucket} bucket, array[${key.join(', ')}]::text[] key, r.currency, ${side.shape === 'percentile' ? 'r.took' : 'null'}::bigint elapsed, ${amount},
    ${side.shape === 'money' ? 'sum(r.size)' : 'null::bigint'} size, ${side.shape === 'mean' ? 'sum(r.seconds)' : NO_SECONDS} seconds
  from ${unrolled(`${schemaOf(cut.generation)}.roll`)} where ${terms.join(' and ')}
  group by 1, 2, 3, 4, 5`
}

const fromDay = (day: string) => [`r.span >= ${spanOf(`${day}::int`)}`, `"day" >= ${day}`]
const untilDay = (day: string) => [`r.span <= ${spanOf(`${day}::int - 1`)}`, `"day" < ${day}`]

/** SQL: the entries of the day within which the cohorts' windows end, as far as rolls leave it out. */
function maturingDay({ at }: Side, seconds: number, { from, to }: Days, cut: Cut, parameters: Parameters): string {
  const day = dayOf(`(${maturity(seconds, cut, parameters)})`)
  const terms = [`e.${at} >= ${day}`, `e.${at} < ${day} + interval '24 hours'`]
  if (from !== undefined) terms.push(`e.${at} >= ${parameters.at(from)}`)
  if (to !== undefined) terms.push(`e.${at} < ${parameters.at(to)}`)
  return terms.join(' and ')
}

/**
 * SQL: by how much money that stands changes on a day up to where the question ends, and how many more subjects hold a part
 * of it. Reads all that those hold who are touched on that day.
 */
function standing(
  side: Side,
  question: Question,
  cut: Cut,
  parameters: Parameters,
  day: number,
  where: () => string,
): string {
  const entry = `${schemaOf(cut.generation)}.entry`
  const begin = parameters.at(day)
  const sealed = () => `e.recorded_at <= ${SEALED} and ${where()}`
  const touched = touchedIn(`${entry} e where e.occurred_at >= ${begin} and ${sealed()}`)
  const held = `select * from (${heldSince(entry, `'-infinity'`, touched, sealed())}) h where "day" = ${begin}`
  return money(side, question, parameters, held)
}

/**
 * SQL: the entries that are in no slice. Read by when they became known, whatever else could narrow them: the planner
 * cannot know how few they are, so the rest is asked outside.
 */
function tail(side: Side, question: Question, cut: Cut, parameters: Parameters, where: () => string): string {
  const entry = `${schemaOf(cut.generation)}.entry`
  const upTo = cut.knownAt === undefined ? `'infinity'::timestamptz` : parameters.at(cut.knownAt)
  const unsealed = `(select * from ${entry} where recorded_at > ${SEALED} and recorded_at <= ${upTo} offset 0) e where ${where()}`
  if (side.shape !== 'money') return entriesOf(side, question, cut, parameters, unsealed)
  return money(side, question, parameters, heldSince(entry, SEALED, touchedIn(unsealed), where()))
}

/** SQL: whose money is concerned by the entries `e`. */
const touchedIn = (entries: string) =>
  `select distinct e.measure, e.stage, e.currency, e.dims, e.subject from ${entries}`

/** SQL: the sums of money that `heldSince` gives, as those of entries. */
function money(side: Side, question: Question, parameters: Parameters, held: string): string {
  return `  select '${side.name}' side, ${bucketOf(question, side, 'h."day"', parameters)} bucket, h.dims,
    ${question.by.includes(STAGE) ? 'h.stage' : 'null::text'} stage, h.currency,
    null::bigint elapsed, sum(h.amount) amount, 0 immature, sum(h.size) size, ${NO_SECONDS} seconds
  from (${held}) h
  group by 1, 2, 3, 4, 5`
}
