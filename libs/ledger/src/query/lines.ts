import { STAGE, type Filter, type Question } from './question.js'
import type { Side } from './side.js'
import { schemaOf, type Parameters } from './statement.js'

/** Where the ledger is asked: a generation, and how much of it is known. */
export interface Cut {
  readonly generation: number
  /** Only what was recorded up to here; absent: all that is folded. */
  readonly knownAt?: number | undefined
}

/** SQL: the instant up to which the answer knows, never beyond the watermark. Needs the CTE g. */
export const knownUpTo = ({ knownAt }: Cut, parameters: Parameters): string =>
  knownAt === undefined ? '(select w from g)' : `(select least(w, ${parameters.at(knownAt)}) from g)`

/** SQL: the start of the last cohort whose window is over. */
export const maturity = (seconds: number, cut: Cut, parameters: Parameters): string =>
  `${knownUpTo(cut, parameters)} - ${parameters.add(seconds)} * interval '1 second'`

/**
 * SQL: which entries `e` belong to a side of the question. Leaves maturity to the caller, because a cohort's immature
 * entries are counted too.
 */
export function belongs(side: Side, question: Question, cut: Cut, parameters: Parameters): string {
  const time = `e.${side.at}`
  const [only, ...others] = side.measures
  const terms = [
    others.length || only === undefined
      ? `e.measure = any(${parameters.add(side.measures)})`
      : `e.measure = ${parameters.add(only)}`,
  ]
  if (side.stage !== undefined) terms.push(`e.stage = ${parameters.add(side.stage)}`)
  if (cut.knownAt !== undefined) terms.push(`e.recorded_at <= ${parameters.at(cut.knownAt)}`)
  if (question.from !== undefined && !side.stock) terms.push(`${time} >= ${parameters.at(question.from)}`)
  if (question.to !== undefined) terms.push(`${time} < ${parameters.at(question.to)}`)
  if (question.asOf !== undefined) terms.push(`${time} <= ${parameters.at(question.asOf)}`)
  if (side.shape === 'mean' || side.shape === 'percentile') terms.push('e.elapsed_s is not null')
  // in words of which the planner makes nothing: nearly all conversions lie within, and are found sooner by their time
  if (side.within !== undefined)
    terms.push(`coalesce(e.elapsed_s > 0 and e.elapsed_s <= ${parameters.add(side.within)}, false)`)
  terms.push(...filtered(question.filters, cut, parameters))
  return terms.join(' and ')
}

function filtered(filters: readonly Filter[], cut: Cut, parameters: Parameters): string[] {
  const ofSet = filters
    .filter(({ dimension }) => dimension !== STAGE)
    .map((filter) => isOneOf(filter, `d.values ->> ${parameters.add(filter.dimension)}`, parameters))
  return [
    ...filters.filter(({ dimension }) => dimension === STAGE).map((filter) => isOneOf(filter, 'e.stage', parameters)),
    ...(ofSet.length
      ? [`e.dims in (select d.id from ${schemaOf(cut.generation)}.dims d where ${ofSet.join(' and ')})`]
      : []),
  ]
}

/** SQL: whether a value is one that the filter keeps. */
export function isOneOf({ values, none }: Filter, value: string, parameters: Parameters): string {
  const any = [
    ...(values.length ? [`${value} = any(${parameters.add(values)})`] : []),
    ...(none ? [`${value} is null`] : []),
  ]
  return `(${any.join(' or ')})`
}
