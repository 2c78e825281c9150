import { occurredAt, typeOf, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'

/** What happened, without when it became known. */
export interface Happened {
  readonly at: Instant
  /** The definitions in force at this instant count for it. */
  readonly judged: Instant
  readonly type: FunnelEvent['type']
  readonly data: Readonly<Record<string, unknown>>
}

/** The facts in the order in which they happened: (occurred, rank of the type, sequence, id). */
export const inOrder = (records: readonly Recorded<FunnelEvent>[]): Happened[] =>
  records
    .map((record) => ({
      place: [
        occurredAt(record),
        typeOf(record.event.type)!.rank,
        record.event.sequence ?? 0,
        record.event.id,
      ] as const,
      happened: happenedIn(record),
    }))
    .toSorted((a, b) => {
      const at = a.place.findIndex((value, i) => value !== b.place[i])
      return at < 0 ? 0 : a.place[at]! < b.place[at]! ? -1 : 1
    })
    .map(({ happened }) => happened)

/** What happened, as a record tells. */
export const happenedIn = (record: Recorded<FunnelEvent>): Happened => ({
  at: occurredAt(record),
  judged: Math.min(occurredAt(record), record.recorded),
  type: record.event.type,
  data: record.event.data,
})

/** The last value of a field among facts. */
export const lastOf = (facts: readonly Happened[], field: string): unknown =>
  facts.map(({ data }) => data[field]).findLast((value) => value !== undefined)
