import { measures as kinds, type Formula, type Sum } from '@funnel/definitions'
import { ranks, type Rank } from './percentile.js'
import { isMoney } from './rolls.js'

export type SideName = 'numerator' | 'denominator'

/** Which entries one side of a formula adds up. */
export interface Side {
  readonly name: SideName
  readonly measures: readonly string[]
  readonly stage?: string
  /** The time that puts an entry into a period. */
  readonly at: 'occurred_at' | 'cohort_at'
  /** A level: everything up to an instant counts, not what happened in the period. */
  readonly stock: boolean
  /** Only entries that took this long (positive, at most so many seconds) count: of a windowed conversion. */
  readonly within?: number
  /** Only cohorts whose window of so many seconds is over count; the others are immature. */
  readonly matureAfter?: number
  readonly shape: Shape
  /** Of a percentile: which. */
  readonly rank?: Rank
}

/** What is added up: numbers, money with its subjects, numbers with their seconds, or numbers by their seconds. */
export type Shape = 'count' | 'money' | 'mean' | 'percentile'

/** The two sides of a formula; a sum, a stock and a duration have but a numerator. */
export function sidesOf(formula: Formula): readonly [Side, ...Side[]] {
  if ('sum' in formula) return [side('numerator', formula.sum)]
  if ('stock' in formula) return [side('numerator', formula.stock)]
  if ('elapsed' in formula) return [{ ...side('numerator', formula.elapsed), ...shapeOf(formula.elapsed.stat) }]
  if ('ratio' in formula)
    return [side('numerator', formula.ratio.numerator), side('denominator', formula.ratio.denominator)]
  const { from, to, window } = formula.conversion
  const cohort = from === 'captured' ? { measure: 'lead.captured' } : { measure: 'stage.first', where: { stage: from } }
  const reached = { measure: 'converted', where: { stage: `${from}>${to}` } }
  const seconds = window === undefined ? undefined : secondsOf(window)
  return [
    {
      ...side('numerator', reached),
      at: 'cohort_at',
      ...(seconds !== undefined && { within: seconds, matureAfter: seconds }),
    },
    { ...side('denominator', cohort), ...(seconds !== undefined && { matureAfter: seconds }) },
  ]
}

const shapeOf = (stat: 'mean' | keyof typeof ranks): Pick<Side, 'shape' | 'rank'> =>
  stat === 'mean' ? { shape: 'mean' } : { shape: 'percentile', rank: ranks[stat] }

/** Whether a formula is a level throughout, which can be asked as it stood. */
export const isStock = (formula: Formula): boolean => sidesOf(formula).every(({ stock }) => stock)

function side(name: SideName, { measure, measures = measure === undefined ? [] : [measure], where }: Sum): Side {
  return {
    name,
    measures,
    ...(where?.stage !== undefined && { stage: where.stage }),
    at: 'occurred_at',
    stock: measures.some((measure) => kindOf[measure] === 'stock'),
    shape: measures.some(isMoney) ? 'money' : 'count',
  }
}

const kindOf: Readonly<Record<string, 'flow' | 'stock'>> = kinds

const unit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

/** "30d" in seconds; units s, m, h, d, w. */
export function secondsOf(duration: string): number {
  const [, count, letter] = /^(\d+)([smhdw])$/.exec(duration) ?? []
  if (count === undefined || letter === undefined) throw new RangeError(`not a duration: "${duration}", e.g. 30d`)
  return Number(count) * unit[letter as keyof typeof unit]
}
