import type { Topic } from './topics.js'

/** Milliseconds since 1970-01-01T00:00:00Z. All times inside the platform are these; ISO 8601 in UTC on the wire. */
export type Instant = number

/**
 * An event as it is stored and published: a fact in the past tense with its CloudEvents 1.0 attributes.
 * Names are those of CloudEvents; `partitionkey`, `sequence`, `correlationid`, `causationid` and `hops` are extensions.
 */
export interface Envelope<Type extends string = string, Data = unknown> {
  readonly specversion: '1.0'
  /** A UUID in lower case: v7 when minted by us, v8 when derived (see ids.ts) from a foreign id or a command, else as sent. */
  readonly id: string
  /** Who says so: the producer, as a URI reference. */
  readonly source: string
  readonly type: Type
  /** `<type>:<version>` of the schema `data` satisfies. */
  readonly dataschema: string
  /** When it happened, as the producer says (ISO 8601, UTC, milliseconds). Use `occurredAt` to read it. */
  readonly time: string
  /** The subject's id; decides the partition together with the type's category. */
  readonly partitionkey: string
  /** The producer's own order among events of one instant. */
  readonly sequence?: number
  readonly correlationid?: string
  readonly causationid?: string
  /** Events since the outside cause; automation stops at 16 (DECISIONS: bounded loops). */
  readonly hops?: number
  /** The import that brought it, where it came by one. */
  readonly importid?: string
  /** Of a decision: hash of the command, so that its repetition is told apart from another command under its key. */
  readonly requesthash?: string
  /** Of a decision: who decided, a person's id; absent where the platform itself did. */
  readonly actor?: string
  readonly data: Data
}

/** An event with its place in the log. `(topic, partition, position)` names it; position is dense from 1. */
export interface Recorded<E extends Envelope = Envelope> {
  readonly topic: Topic
  readonly partition: number
  readonly position: number
  readonly stream: string
  /** Dense from 1 within the stream. */
  readonly version: number
  /** When the store committed it; stamped once, never falls within a partition. */
  readonly recorded: Instant
  readonly event: E
}

/** How far the clock of a producer may be ahead of the store's: what lies further ahead is not believed. Milliseconds. */
export const FUTURE_TOLERANCE = 5 * 60_000

/**
 * When it happened, clamped: a time more than five minutes after `recorded` cannot be true, so it counts as `recorded`
 * and is flagged by `isFuture`; the envelope keeps what was sent.
 */
export function occurredAt(record: Pick<Recorded, 'recorded' | 'event'>): Instant {
  const time = Date.parse(record.event.time)
  return time > record.recorded + FUTURE_TOLERANCE ? record.recorded : time
}

/** Whether the producer's time lay more than five minutes in the future when it was recorded. */
export const isFuture = (record: Recorded): boolean =>
  Date.parse(record.event.time) > record.recorded + FUTURE_TOLERANCE
