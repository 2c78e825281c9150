import { createHash, hash } from 'node:crypto'
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
  readonly currency?: string | undefined
  /** Which period it belongs to; for a stock, when the level changed. */
  readonly occurred: Instant
  /** When what it completes began: the cohort of a conversion, the opening of a closed deal. */
  readonly cohort?: Instant | undefined
  /**
   * Started seconds from `cohort` to `occurred`: the ceiling, so that "within w seconds" is exact whatever the
   * milliseconds. Negative when the end was reported before the beginning. Of a clock, which has no cohort, of the time that
   * counts.
   */
  readonly elapsed?: number | undefined
  readonly subject: LineSubject
  /** The stage, or `from>to` of a conversion. */
  readonly stage?: string | undefined
  readonly dims: Dims
}

/** A line without what it adds. */
export type Unmeasured = Omit<Line, 'measure' | 'amount'>

/**
 * A line. All that are folded are made here, with every field in one order and without spreads: they are most of what a fold
 * makes, and objects of one shape take less memory and time.
 */
export const lineOf = (
  measure: Measure,
  amount: number,
  { currency, occurred, cohort, elapsed, subject, stage, dims }: Unmeasured,
): Line => ({ measure, amount, currency, occurred, cohort, elapsed, subject, stage, dims })

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
export function textOf(dims: Dims): string {
  let text = texts.get(dims)
  if (text === undefined) texts.set(dims, (text = canonicalJson(dims)))
  return text
}

/** The order of `lineKey`, without making it: 0 for lines that add up. */
export const lineOrder = (a: Line, b: Line): number =>
  inTextOrder(a.measure, b.measure) ||
  inOrder(a.currency, b.currency) ||
  inOrder(a.occurred, b.occurred) ||
  inOrder(a.cohort, b.cohort) ||
  inOrder(a.elapsed, b.elapsed) ||
  inTextOrder(a.subject.kind, b.subject.kind) ||
  inOrder(a.subject.id, b.subject.id) ||
  inOrder(a.stage, b.stage) ||
  (a.dims === b.dims ? 0 : inOrder(textOf(a.dims), textOf(b.dims)))

/** The order in which two values stand as JSON in an array, what follows them taken in. */
function inOrder(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1 // null, whose n comes after digits, the minus and the quote
  if (b === undefined) return -1
  if (typeof a === 'string' && typeof b === 'string' && PLAIN.test(a) && PLAIN.test(b)) return inTextOrder(a, b)
  if (typeof a === 'number' && typeof b === 'number' && isLikeLong(a, b)) return a - b
  return `${JSON.stringify(a)},` < `${JSON.stringify(b)},` ? -1 : 1
}
const inTextOrder = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)
/** What has no escape in JSON, and nothing that comes before the quote at its end. */
const PLAIN = /^[#-[\]-~]*$/
/** Integers of as many digits: of one length numbers are in order as texts, too. */
function isLikeLong(a: number, b: number): boolean {
  if (a < 0 || b < 0 || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return false
  let more = 10
  while (more <= a && more <= b) more *= 10
  return a < more && b < more
}

/** The lines of `after` less those of `before`, zeros left out, in canonical order: that of `lineKey`. */
export function difference(before: readonly Line[], after: readonly Line[]): readonly Line[] {
  if (!before.length && after.length === 1 && after[0]!.amount !== 0) return after // such as a touch: most events are
  const lines = [...before.map((line) => lineOf(line.measure, -line.amount, line)), ...after].sort(lineOrder)
  const sums: Line[] = []
  for (const line of lines) {
    const last = sums.at(-1)
    if (last && lineOrder(last, line) === 0) sums[sums.length - 1] = { ...line, amount: last.amount + line.amount }
    else sums.push(line)
  }
  return sums.filter(({ amount }) => amount !== 0)
}

/** The id of a set of dimension values: the first 8 bytes of the SHA-256 of its canonical JSON, as a signed integer. */
export const dimsId = (dims: Dims): bigint => hash('sha256', canonicalJson(dims), 'buffer').readBigInt64BE(0)

/** Names a set of lines by its content: equal sums for equal lines, whatever their order or grouping. */
export function canonicalHash(lines: readonly Line[]): string {
  const sum = createHash('sha256')
  for (const line of difference([], lines)) sum.update(`${lineKey(line)}=${line.amount}\n`)
  return sum.digest('hex')
}

/** Names a journal: as `canonicalHash`, cause and recorded time taken in. */
export function journalHash(entries: readonly Entry[]): string {
  const byCause = Map.groupBy(
    entries,
    ({ cause, recorded }) => `${cause.topic}/${cause.partition}/${cause.position}@${recorded}`,
  )
  const sum = createHash('sha256')
  for (const cause of [...byCause.keys()].toSorted()) sum.update(`${cause} ${canonicalHash(byCause.get(cause)!)}\n`)
  return sum.digest('hex')
}
