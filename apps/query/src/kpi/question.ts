import { FunnelError } from '@funnel/events'
import { invalid, startOf, type Bucket, type CellKey, type Question } from '@funnel/ledger'
import { Bucket as WireBucket, type DimensionValue, type KpiQuestion } from '@funnel/query-api'

const buckets: Readonly<Partial<Record<WireBucket, Bucket>>> = {
  [WireBucket.BUCKET_DAY]: 'day',
  [WireBucket.BUCKET_WEEK]: 'week',
  [WireBucket.BUCKET_MONTH]: 'month',
  [WireBucket.BUCKET_QUARTER]: 'quarter',
  [WireBucket.BUCKET_YEAR]: 'year',
}

/** The question of a request. Throws INVALID, naming the field; what only definitions can tell is checked later. */
export function questionOf(question: KpiQuestion | undefined): Question {
  if (!question) throw new FunnelError('INVALID', 'The request has no question', { field: 'question' })
  const { kpi, definitionVersion, timeZone, by, filters } = question
  if (definitionVersion !== undefined && definitionVersion < 1)
    invalid('question.definition_version', 'Versions are numbered from 1')
  if (question.bucket === WireBucket.UNRECOGNIZED || WireBucket[question.bucket] === undefined)
    invalid('question.bucket', 'There is no such bucket; there are day, week, month, quarter, year and none')
  if (timeZone && timeZone !== 'UTC')
    invalid('question.time_zone', `Buckets begin in UTC; "${timeZone}" cannot be asked yet`)
  return {
    kpi,
    definitionVersion,
    bucket: buckets[question.bucket],
    from: instantOf(question.from, 'question.from'),
    to: instantOf(question.to, 'question.to'),
    by,
    filters: filters.map(({ dimension, values, none }) => ({ dimension, values, none })),
    asOf: instantOf(question.asOf, 'question.as_of'),
    knownAt: instantOf(question.knownAt, 'question.known_at'),
  }
}

/** The cell that is explained. Throws INVALID when it is none of the question's. */
export function cellKeyOf(
  question: Question,
  bucketStart: Date | undefined,
  dimensions: readonly DimensionValue[],
): CellKey {
  const start = instantOf(bucketStart, 'bucket_start')
  if (question.bucket && start === undefined)
    invalid('bucket_start', `The question has buckets: say which ${question.bucket} is meant`)
  if (!question.bucket && start !== undefined) invalid('bucket_start', 'The question has no buckets')
  if (question.bucket && start !== undefined && startOf(question.bucket, start) !== start)
    invalid('bucket_start', `No ${question.bucket} starts at ${new Date(start).toISOString()}`)
  for (const [index, { dimension }] of dimensions.entries())
    if (!question.by.includes(dimension))
      invalid(`dimensions[${index}]`, `The question is not asked by "${dimension}": name it in by, or set a filter`)
  const values = question.by.map((dimension) => {
    const found = dimensions.filter((value) => value.dimension === dimension)
    if (found.length !== 1) invalid('dimensions', `Say which value of "${dimension}" is meant, once`)
    return found[0]?.value ?? null
  })
  return { bucketStart: start, values }
}

/** Years that PostgreSQL and JavaScript both write the same way. */
const [EARLIEST, LATEST] = [Date.UTC(1900, 0), Date.UTC(10_000, 0)]

/** Whether this is an instant that can be asked for, in milliseconds. */
export const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= EARLIEST && Number(value) < LATEST

/** Milliseconds of a wire time. */
export function instantOf(date: Date | undefined, field: string): number | undefined {
  if (date === undefined) return undefined
  const instant = Math.floor(date.getTime())
  if (!isTime(instant)) invalid(field, 'Times lie in the years 1900 to 9999')
  return instant
}
