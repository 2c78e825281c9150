import type { Command } from 'commander'
import { FunnelError } from '@funnel/events'
import { Bucket, type Filter, type Init, type KpiQuestion } from '@funnel/query-api'
import { parseTime } from '../cli/time.js'
import type { Choice } from '../workspace/locate.js'

/** Flags of every question about a KPI. */
export interface QuestionFlags extends Choice {
  readonly json?: boolean
  readonly by?: string
  readonly from?: string
  readonly to?: string
  readonly bucket?: string
  readonly filter?: readonly string[]
  readonly asOf?: string
  readonly knownAt?: string
  readonly definitionVersion?: string
}

const buckets: Readonly<Record<string, Bucket>> = {
  none: Bucket.BUCKET_NONE,
  day: Bucket.BUCKET_DAY,
  week: Bucket.BUCKET_WEEK,
  month: Bucket.BUCKET_MONTH,
  quarter: Bucket.BUCKET_QUARTER,
  year: Bucket.BUCKET_YEAR,
}

/** Adds the flags that narrow a question: period, filters, when it stood so. */
export const withPeriod = (command: Command): Command =>
  command
    .option('--from <time>', 'when it happened: from this instant on')
    .option('--to <time>', '… and before this one')
    .option('-f, --filter <k=v>', 'only this value of a dimension; again for more; !k: without a value', collect)
    .option('--as-of <time>', 'as it stood at this instant')
    .option('--definition-version <n>', 'by this version of the KPI (default: the one in force)')
    .addHelpText(
      'after',
      '\nTimes: 2026-01-31, 2026-01-31T12:00 (UTC), 2026-01-31T12:00+01:00, or how long ago: 15m, 24h, 30d.',
    )

/** Adds the other axis of time. */
export const withKnownAt = (command: Command): Command =>
  command.option('--known-at <time>', 'as it was known at this instant')

/** Adds the flags that split the answer into rows. */
export const withSplit = (command: Command): Command =>
  command
    .option('--by <dim,…>', 'one row per value of these dimensions')
    .option('--bucket <size>', `one row per ${Object.keys(buckets).slice(1).join(', ')}`)

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** The question that KPI and flags ask. Throws INVALID naming the flag. */
export function questionOf(kpi: string, flags: QuestionFlags, now = Date.now()): Init<KpiQuestion> {
  const time = (text: string | undefined, option: string) =>
    text === undefined ? undefined : parseTime(text, option, now)
  return {
    kpi,
    bucket: bucketOf(flags.bucket),
    by:
      flags.by
        ?.split(',')
        .map((name) => name.trim())
        .filter(Boolean) ?? [],
    filters: filtersOf(flags.filter ?? []),
    from: time(flags.from, '--from'),
    to: time(flags.to, '--to'),
    asOf: time(flags.asOf, '--as-of'),
    knownAt: time(flags.knownAt, '--known-at'),
    definitionVersion: versionOf(flags.definitionVersion),
  }
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new FunnelError('INVALID', `--definition-version ${text} is no version: they are numbered from 1`)
}

function bucketOf(text: string | undefined): Bucket {
  if (text === undefined) return Bucket.BUCKET_NONE
  const bucket = buckets[text]
  if (bucket === undefined)
    throw new FunnelError('INVALID', `--bucket ${text} is unknown: use one of ${Object.keys(buckets).join(', ')}`)
  return bucket
}

/** `k=v` keeps a value (`k=` the empty text), `!k` what has none; several of one dimension add up. */
export function filtersOf(texts: readonly string[]): Filter[] {
  const filters = new Map<string, Filter>()
  for (const text of texts) {
    const none = text.startsWith('!')
    const equals = text.indexOf('=')
    const dimension = none ? text.slice(1) : text.slice(0, equals)
    if ((!none && equals < 1) || !dimension)
      throw new FunnelError(
        'INVALID',
        `--filter ${text} is not understood: write dimension=value, or !dimension for what has none`,
      )
    const filter = filters.get(dimension) ?? { dimension, values: [], none: false }
    filters.set(
      dimension,
      none ? { ...filter, none } : { ...filter, values: [...filter.values, text.slice(equals + 1)] },
    )
  }
  return [...filters.values()]
}
