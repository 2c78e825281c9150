import {
  businessCategories,
  typeOf,
  type definitionApplied,
  type EventOf,
  type FunnelEvent,
  type Instant,
  type Recorded,
} from '@funnel/events'

/** A version of a definition that was applied. */
export interface Applied {
  /** `<kind>/<id>`. */
  readonly definition: string
  readonly version: number
  /** From when on it is in force, as it was applied. */
  readonly effective: Instant
  readonly recorded: Instant
  readonly hash: string
  readonly content: unknown
}

/**
 * What was applied, in the order of the log, and when the first business event was recorded: of a touch, a lead, a deal or
 * a promise.
 */
export interface AppliedHistory {
  readonly applied: readonly Applied[]
  readonly firstBusiness?: Instant | undefined
}

export const appliedOf = ({
  recorded,
  event: { data },
}: {
  readonly recorded: Instant
  readonly event: Pick<EventOf<typeof definitionApplied>, 'data'>
}): Applied => {
  const { definition, version, effective, hash, content } = data
  return { definition, version, effective: Date.parse(effective), recorded, hash, content }
}

/** Before anything was recorded. */
export const nothingApplied: AppliedHistory = { applied: [] }

/** The history with these records, which follow in the total order; the same object where they change nothing of it. */
export function withRecords(history: AppliedHistory, records: readonly Recorded<FunnelEvent>[]): AppliedHistory {
  const more = records.flatMap((record) => (isApplied(record) ? appliedOf(record) : []))
  const firstBusiness = history.firstBusiness ?? records.find(isBusiness)?.recorded
  if (!more.length && firstBusiness === history.firstBusiness) return history
  return { applied: [...history.applied, ...more], firstBusiness }
}

const isBusiness = ({ event: { type } }: Recorded<FunnelEvent>): boolean =>
  businessCategories.includes(typeOf(type)!.category)

const isApplied = (record: Recorded<FunnelEvent>): record is Recorded<EventOf<typeof definitionApplied>> =>
  record.event.type === 'definition.applied'

/**
 * The version of a definition that counts for what happened at an instant: min(occurred, recorded) of an event.
 * It is the one with the latest effective instant at or before it; of several with the same, the highest
 * version. So a version that is dated before one applied earlier counts only until that one takes over. Undefined where
 * none is in force yet.
 *
 * What was applied before the first business event was set up for it: its first version counts from the beginning of
 * time, and so does each that was effective by then, of which the one that was in force then counts; so old data may be
 * imported after. Any other counts from its effective instant, but not before the millisecond after it was recorded: what
 * is recorded in that very millisecond may come before it in the total order. So later definitions never change the version
 * of what was recorded before them.
 */
export function inForce(
  { applied, firstBusiness }: AppliedHistory,
  definition: string,
  instant: Instant,
): Applied | undefined {
  const versions = applied.filter((one) => one.definition === definition)
  const isSetUp = ({ recorded }: Applied) => firstBusiness === undefined || recorded < firstBusiness
  /** From when on it would count without any business. */
  const dated = (one: Applied, i: number): Instant =>
    isSetUp(one) && i === 0 ? Number.NEGATIVE_INFINITY : Math.max(one.effective, one.recorded + 1)
  const from = (one: Applied, i: number): Instant =>
    isSetUp(one) && one.effective <= (firstBusiness ?? Number.NEGATIVE_INFINITY)
      ? Number.NEGATIVE_INFINITY
      : dated(one, i)
  return versions
    .map((one, i) => ({ one, from: from(one, i), dated: dated(one, i) }))
    .filter(({ from }) => from <= instant)
    .toSorted((a, b) => order(a.from, b.from) || order(a.dated, b.dated) || a.one.version - b.one.version)
    .at(-1)?.one
}

/** Infinite instants among them. */
const order = (a: Instant, b: Instant): number => (a < b ? -1 : Number(a > b))
