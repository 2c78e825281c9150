import { FunnelError, type Instant } from '@funnel/events'
import { stagesOf, type Definitions, type Formula, type Kpi } from '@funnel/definitions'
import { endOf, type Bucket } from './bucket.js'
import { sidesOf, type Side } from './side.js'

/** Keeps what has one of the values in the dimension, or has none where `none` says so. */
export interface Filter {
  readonly dimension: string
  readonly values: readonly string[]
  readonly none: boolean
}

/** A question about one KPI. Periods are half-open; see the fields of funnel.v1.KpiQuestion. */
export interface Question {
  readonly kpi: string
  /** Which version of its definition; absent: the one in force. */
  readonly definitionVersion?: number | undefined
  readonly bucket?: Bucket | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly by: readonly string[]
  readonly filters: readonly Filter[]
  readonly asOf?: Instant | undefined
  readonly knownAt?: Instant | undefined
}

/** One cell of an answer: a bucket and one value (null: none) for each of the question's dimensions. */
export interface CellKey {
  readonly bucketStart?: Instant | undefined
  readonly values: readonly (string | null)[]
}

/** The question whose only cell is this one of the question's; a stock's holds what was before its bucket as well. */
export function questionOfCell(question: Question, { bucketStart, values }: CellKey): Question {
  const { bucket, by, from, to, filters, ...rest } = question
  const inBucket =
    bucket === undefined || bucketStart === undefined
      ? { from, to }
      : { from: Math.max(from ?? bucketStart, bucketStart), to: Math.min(to ?? Infinity, endOf(bucket, bucketStart)) }
  const ofValues = by.map((dimension, index): Filter => {
    const value = values[index] ?? null
    return { dimension, values: value === null ? [] : [value], none: value === null }
  })
  return { ...rest, ...inBucket, by: [], filters: [...filters, ...ofValues] }
}

/** The dimension that every entry has of itself: the stage it is about. */
export const STAGE = 'stage'

const MOST_DIMENSIONS = 8
const MOST_FILTERS = 16

/**
 * The KPI that is asked: one of the definitions in force, or that version of it among `versions`. Throws INVALID, naming the
 * field, when the question cannot be answered with these definitions, NOT_FOUND when there is no such KPI or version.
 */
export function asked(question: Question, definitions: Definitions, versions = definitions.kpis): Kpi {
  const kpi = versionAsked(question, definitions, versions)
  const { from, to, by, filters } = question
  if (from !== undefined && to !== undefined && from >= to)
    invalid('question.from', 'The period is empty: from must lie before to')
  if (by.length > MOST_DIMENSIONS) invalid('question.by', `At most ${MOST_DIMENSIONS} dimensions can be asked at once`)
  if (filters.length > MOST_FILTERS) invalid('question.filters', `At most ${MOST_FILTERS} filters can be set at once`)
  for (const [index, dimension] of by.entries()) {
    checkDimension(dimension, `question.by[${index}]`, kpi, definitions)
    if (by.indexOf(dimension) !== index) invalid(`question.by[${index}]`, `The dimension "${dimension}" is named twice`)
  }
  for (const [index, { dimension, values, none }] of filters.entries()) {
    checkDimension(dimension, `question.filters[${index}].dimension`, kpi, definitions)
    if (!values.length && !none)
      invalid(`question.filters[${index}].values`, `The filter on "${dimension}" has no value: name one, or set none`)
  }
  return kpi
}

function versionAsked({ kpi: id, definitionVersion }: Question, { kpis }: Definitions, versions: readonly Kpi[]): Kpi {
  const all = versions.filter((kpi) => kpi.id === id)
  const kpi =
    definitionVersion === undefined
      ? kpis.find((one) => one.id === id)
      : all.find(({ version }) => version === definitionVersion)
  if (kpi) return kpi
  if (definitionVersion !== undefined && all.length)
    throw new FunnelError(
      'NOT_FOUND',
      `There is no version ${definitionVersion} of "${id}"; there are ${all.map(({ version }) => version).join(', ')}`,
      { field: 'question.definition_version' },
    )
  throw new FunnelError(
    'NOT_FOUND',
    id ? `There is no KPI "${id}"; there are ${kpis.map((one) => one.id).join(', ')}` : 'The question names no KPI',
    { field: 'question.kpi' },
  )
}

function checkDimension(dimension: string, field: string, kpi: Kpi, definitions: Definitions): void {
  if (dimension === STAGE) {
    const why = notByStage(kpi.formula)
    if (why !== undefined) invalid(field, `${kpi.id} ${why}, so it cannot be asked by stage: ask by another dimension`)
    return
  }
  if (!definitions.dimensions.some(({ id }) => id === dimension))
    invalid(
      field,
      `There is no dimension "${dimension}"; there are ${[STAGE, ...definitions.dimensions.map(({ id }) => id)].join(', ')}`,
    )
}

/** Why a formula cannot be asked by stage: a stage would hold nothing, or one side of a ratio only, and show a false 0. */
function notByStage(formula: Formula): string | undefined {
  const [above, below] = sidesOf(formula)
  if ('conversion' in formula) return 'goes from one stage to another'
  if ('elapsed' in formula)
    return above.measures.every((measure) => stagesOf(measure) === undefined)
      ? `tells how long ${toldSide(above)} took, which is of no stage`
      : 'goes from one stage to another'
  if (!below) return undefined
  const alike = new Set([...above.measures, ...below.measures].map(stagesOf)).size === 1 && above.stage === below.stage
  return alike ? undefined : `divides ${toldSide(above)} by ${toldSide(below)}, which are not of the same stages`
}

const toldSide = ({ measures, stage }: Side) =>
  measures.join(' + ') + (stage === undefined ? '' : ` of the stage ${stage}`)

/** Throws INVALID about a field of the request. */
export function invalid(field: string, message: string): never {
  throw new FunnelError('INVALID', message, { field })
}
