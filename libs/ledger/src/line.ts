import { createHash } from 'node:crypto'
import type { Measure } from '@funnel/definitions'
import { canonicalJson, type Instant, type Recorded } from '@funnel/events'

/** Values by dimension id. A missing key is "no value", which is neither '' nor 'unknown'. */
export type Dims = Readonly<Record<string, string>>

/** What a line is about. Ids are subjects, never dimensions. */
export interface LineSubject {
  readonly kind: 'visitor' | 'person' | 'lead' | 'deal' | 'clock'
  readonly id: string
}

/** One addition to a measure: a pure function of a subject's facts. */
export interface Line {
  readonly measure: Measure
  /** A count, or minor units of `currency`. */
  readonly amount: number
  readonly currency?: string
  /** Which period it belongs to; for a stock, when the level changed. */
  readonly occurred: Instant
  /** When what it completes began: the cohort of a conversion, the opening of a closed deal. */
  readonly cohort?: Instant
  /**
   * Started seconds from `cohort` to `occurred`: the ceiling, so that "within w seconds" is exact whatever the
   * milliseconds. Negative when the end was reported before the beginning. Of a clock, which has no cohort, of the time that
   * counts.
   */
  readonly elapsed?: number
  readonly subject: LineSubject
  /** The stage, or `from>to` of a conversion. */
  readonly stage?: string
  readonly dims: Dims
}

/** A line that was booked: signed, with its cause. Never changed afterwards. */
export interface Entry extends Line {
  /** The event that made the difference; its recorded time is when it became known. */
  readonly cause: Pick<Recorded, 'topic' | 'partition' | 'position'>
  /** Number among the entries of one cause, in canonical order. */
  readonly ordinal: number
  readonly recorded: Instant
}

/** Everything of a line but its amount, as text: lines with one key add up. */
export const lineKey = ({ measure, currency, occurred, cohort, elapsed, subject, stage, dims }: Line): string =>
  JSON.stringify([
    measure,
    currency ?? null,
    occurred,
    cohort ?? null,
    elapsed ?? null,
    subject.kind,
    subject.id,
    stage ?? null,
    textOf(dims),
  ])

const texts = new WeakMap<Dims, string>()

/** Canonical JSON of dimension values; lines of one subject share them, so it is made once. */
function textOf(dims: Dims): string {
  let text = texts.get(dims)
  if (text === undefined) texts.set(dims, (text = canonicalJson(dims)))
  return text
}

/** The lines of `after` less those of `before`, zeros left out, in canonical order. */
export function difference(before: readonly Line[], after: readonly Line[]): Line[] {
  if (!before.length && after.length === 1 && after[0]!.amount !== 0) return [...after]
  const sums = new Map<string, Line>()
  const add = (line: Line, sign: 1 | -1) => {
    const key = lineKey(line)
    const known = sums.get(key)
    sums.set(key, { ...line, amount: (known?.amount ?? 0) + sign * line.amount })
  }
  for (const line of before) add(line, -1)
  for (const line of after) add(line, 1)
  return [...sums]
    .filter(([, { amount }]) => amount !== 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, line]) => line)
}

/** The id of a set of dimension values: the first 8 bytes of the SHA-256 of its canonical JSON, as a signed integer. */
export const dimsId = (dims: Dims): bigint =>
  createHash('sha256').update(canonicalJson(dims)).digest().readBigInt64BE(0)

/** Names a set of lines by its content: equal sums for equal lines, whatever their order or grouping. */
export function canonicalHash(lines: readonly Line[]): string {
  const hash = createHash('sha256')
  for (const line of difference([], lines)) hash.update(`${lineKey(line)}=${line.amount}\n`)
  return hash.digest('hex')
}

/** Names a journal: as `canonicalHash`, cause and recorded time taken in. */
export function journalHash(entries: readonly Entry[]): string {
  const byCause = Map.groupBy(
    entries,
    ({ cause, recorded }) => `${cause.topic}/${cause.partition}/${cause.position}@${recorded}`,
  )
  const hash = createHash('sha256')
  for (const cause of [...byCause.keys()].toSorted()) hash.update(`${cause} ${canonicalHash(byCause.get(cause)!)}\n`)
  return hash.digest('hex')
}
