import type { Head, Instant, Positions, Recorded, Topic } from '@funnel/events'

/** Reads the end of the store. */
export interface EventTail {
  /**
   * Events after `after` up to and including `upTo`, at most `limit`, in the total order; the first `limit` of them, so a
   * reader that goes on from the positions it got misses nothing. Only topics named in `upTo` are read.
   */
  read(after: Positions, upTo: Positions, limit: number): Promise<readonly Recorded[]>
  /** The last published head: cheap, changes nothing. */
  heads(): Promise<Head>
}

/** Some events of the total order, all recorded at or before the watermark of the store. */
export interface Batch {
  readonly events: readonly Recorded[]
  /**
   * When this batch is folded, everything recorded up to here, of the partitions this member holds, is folded. May move
   * on with no events at all; lies just before the last event where more of the same instant may follow. Starts again
   * lower when partitions are newly assigned. No event of the batch was recorded later than the millisecond after it.
   */
  readonly w: Instant
  /**
   * The place after this batch, to be saved with its result. For partitions of other members it is what `place` gave: a
   * place that several members save is the greatest per partition.
   */
  readonly positions: Positions
}

/** A running subscription: pull batches with `for await`. At most one is ready beside those that the reader works on. */
export interface Subscription extends AsyncIterable<Batch> {
  /** Tells the log how far the consumer has committed; a hint that may lag or be lost. */
  hint(positions: Positions): void
  /** Ends the iteration; idempotent; resolves when nothing of it runs any more. */
  close(): Promise<void>
}

export interface OpenOptions {
  /**
   * Deliver only while this member holds every partition of its topics: for a consumer that folds the total order. A share
   * of it, as a member gets while one that died still counts, would be folded ahead of the rest. Default: false.
   */
  readonly whole?: boolean
}

/** Delivers the log to consumers: in order within a partition, at least once, nothing skipped. */
export interface EventLog {
  /**
   * Joins `group`; members of a group share the partitions. `place` is asked whenever partitions are newly assigned and
   * gives where to go on from: the consumer owns its place. What lies at or before it is not delivered; a gap is filled
   * from the store. The iteration throws LOG_GAP when the store lacks a position too, LOG_AHEAD when the log is not the
   * store's; on any failure the consumer opens again from its place.
   *
   * A member that lost partitions, or was frozen, may still be saving a batch of them when the next one asks for its place.
   * So the transaction that saves a result locks the place and leaves out what lies at or before it, or is rolled back where
   * the place is not what this consumer saved last.
   */
  open(
    group: string,
    topics: readonly Topic[],
    place: () => Promise<Positions>,
    options?: OpenOptions,
  ): Promise<Subscription>
  close(): Promise<void>
}

/** Publishes records to a broker. */
export interface Publisher {
  /** Done only when every record is acknowledged by all in-sync replicas. Repeats are allowed: positions absorb them. */
  publish(records: readonly Recorded[]): Promise<void>
  close(): Promise<void>
}
