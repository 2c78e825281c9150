import {
  dataschemaOf,
  isFuture,
  occurredAt,
  typeOf,
  type FunnelEvent,
  type Instant,
  type Recorded,
} from '@funnel/events'

/** Place of a fact among those of its subject: by when it happened, never by when it came. */
export interface FactOrder {
  readonly at: Instant
  readonly rank: number
  readonly seq: number
  readonly id: string
}

/** A fact of a subject as the fold keeps it; plain JSON. */
export interface Fact<Data = Readonly<Record<string, unknown>>> extends FactOrder {
  readonly type: FunnelEvent['type']
  readonly data: Data
  /** Its time lay in the future when it was recorded, so it counts as of then. */
  readonly future?: true
  /** When it was recorded, where the producer's clock says that it happened a little later. */
  readonly recorded?: Instant
}

/** The instant whose versions of the definitions count for a fact: min(occurred, recorded). */
export const judgedAt = ({ at, recorded = at }: Pick<Fact, 'at' | 'recorded'>): Instant => recorded

/**
 * Facts of one subject in order: (occurred, rank of the type, the source's sequence, id). An absent sequence is 0. Total:
 * ids are unique, so every order of arrival gives the same order of facts.
 */
export const factOrder = (a: FactOrder, b: FactOrder): number =>
  a.at - b.at || a.rank - b.rank || a.seq - b.seq || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The fact in a record. */
export function factOf(record: Recorded<FunnelEvent>): Fact {
  const { recorded, event } = record
  const { id, type, sequence = 0, data } = event
  const at = occurredAt(record) // when it was recorded, where that lies in the future
  return factFrom({ id, type, at, recorded, sequence, future: at === recorded && isFuture(record), data })
}

/** A record, with its fact where that was made beforehand: what is loaded for it depends on it, and what is folded. */
export interface FactRecord extends Recorded<FunnelEvent> {
  readonly fact?: Fact
}

export const factRecord = (record: Recorded<FunnelEvent>): Required<FactRecord> => ({ ...record, fact: factOf(record) })

/** The fact in a record, made now where it has none. */
export const factIn = (record: FactRecord): Fact => record.fact ?? factOf(record)

/** What makes a fact, as a row may hold it. */
export interface FactParts {
  readonly id: string
  readonly type: FunnelEvent['type']
  /** When it happened, as it counts. */
  readonly at: Instant
  readonly recorded: Instant
  readonly sequence: number | null
  /** Its time lay in the future when it was recorded. */
  readonly future: boolean
  readonly data: Fact['data']
}

export function factFrom({ id, type, at, recorded, sequence, future, data }: FactParts): Fact {
  const fact = { at, rank: typeOf(type)!.rank, seq: sequence ?? 0, id, type, data }
  if (recorded < at) return { ...fact, recorded }
  return future ? { ...fact, future } : fact
}

/** What is known of an event and of its place in the log; `at` is when it happened, as it counts. */
export interface KnownRecord extends Omit<Recorded, 'event'> {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly at: Instant
  readonly sequence?: number | undefined
  readonly data: unknown
}

/** The record of which this is known: to the fold it is as it was recorded. */
export function recordOf({ id, source, type, at, sequence, data, ...place }: KnownRecord): Recorded<FunnelEvent> {
  const event = {
    specversion: '1.0',
    id,
    source,
    type,
    dataschema: dataschemaOf(typeOf(type)!),
    time: new Date(at).toISOString(),
    partitionkey: place.stream.slice(place.stream.indexOf('-') + 1),
    ...(sequence === undefined ? {} : { sequence }),
    data,
  }
  // the data was checked when it was recorded
  return { ...place, event: event as FunnelEvent }
}

/** Whether a fact comes before the first one known. */
export const isFirst = (fact: FactOrder, first: FactOrder | undefined): boolean => !first || factOrder(fact, first) < 0

/** `facts` (in order) with one more at its place; a new array. */
export function withFact<F extends FactOrder>(facts: readonly F[], fact: F): F[] {
  const at = facts.findLastIndex((known) => factOrder(known, fact) <= 0) + 1
  return facts.toSpliced(at, 0, fact)
}

/** The latest value of a field that names something, over facts in order. */
export const lastNamed = (facts: readonly Fact[], field: string): string | undefined =>
  facts.findLast(({ data }) => data[field] !== undefined)?.data[field] as string | undefined

type OfVisitor = Extract<FunnelEvent, { readonly type: `touchpoint.${string}` | `visitor.${string}` }>
type OfLead = Extract<FunnelEvent, { readonly type: `lead.${string}` | `handoff.${string}` }>
type OfDeal = Extract<FunnelEvent, { readonly type: `deal.${string}` }>

type OfClock = Extract<FunnelEvent, { readonly type: `sla.${string}` }>

/** A touch, or whose the visitor is. */
export const isOfVisitor = (event: FunnelEvent): event is OfVisitor => typeOf(event.type)!.category === 'visitor'

/** A fact of a lead's own stream, its handoffs among them. */
export const isOfLead = (event: FunnelEvent): event is OfLead => typeOf(event.type)!.category === 'lead'

export const isOfDeal = (event: FunnelEvent): event is OfDeal => typeOf(event.type)!.category === 'deal'

/** What was said of a clock of a promise. */
export const isOfClock = (event: FunnelEvent): event is OfClock => event.type.startsWith('sla.')

/**
 * What tells a clock from all others: one event may start clocks of several leads, such as a touch of a person who has two,
 * and these have one id.
 */
export const clockKey = ({ lead, clock }: { readonly lead?: string | undefined; readonly clock: string }): string =>
  lead === undefined ? clock : `${lead}/${clock}`

/** Whom a fact of a lead or deal names beside its subject. */
export const linksIn = ({ data }: OfLead | OfDeal) =>
  data as { readonly person?: string; readonly visitor?: string; readonly lead?: string }
