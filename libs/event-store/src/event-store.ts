import type { Envelope, Recorded, Supplied } from '@funnel/events'

/** Events for the log. All of one `append` call are recorded together or not at all. */
export interface Append {
  readonly events: readonly Envelope[]
  /**
   * What a decision rests on: the version each named stream must have (0: no events yet), whether it is written to or not,
   * else the whole call fails with VERSION_CONFLICT. A call that names any records all of its events anew, or fails with
   * CONFLICT where one of their ids is known and keeps no evidence. Observations name none.
   */
  readonly expected?: Readonly<Record<string, number>>
  /** What the door put into these events, and so is no part of their content. Two of one id may have been sent otherwise. */
  readonly supplied?: ReadonlyMap<Envelope, Supplied>
}

/** What became of one event, in the order given. `record` is where the log has that id, for a duplicate the first. */
export interface Appended {
  readonly outcome: 'recorded' | 'duplicate' | 'conflict'
  readonly record: Recorded
}

/** Input that never entered the log. The body is kept for 30 days to be mended and replayed. */
export interface Rejection {
  readonly source: string
  readonly code: string
  readonly field?: string
  readonly message: string
  /** The body as received; may hold personal data, so it goes to the vault and nowhere else. */
  readonly body: string
}

/** The only way into the log. Adapters: PostgreSQL and memory; both pass `eventStoreContract`. */
export interface EventStore {
  /** The events of a stream after a version, in order; at most so many. */
  read(stream: string, after?: number, most?: number): Promise<readonly Recorded[]>
  /** The event with this id, or undefined. */
  find(id: string): Promise<Recorded | undefined>
  /**
   * The id that an event of a decision gets where another's has the one meant for it: always the same, and made with the
   * key of this store, so that nobody takes it beforehand.
   */
  idInsteadOf(id: string): string
  /**
   * Records events: durable when it resolves. All or nothing over all its arguments. A known id is not recorded again:
   * with the same content it is a `duplicate`, with other key, type or content a `conflict`, which is kept as evidence.
   * Positions are dense and follow commit order; `recorded` never falls within a partition.
   * Throws VERSION_CONFLICT, CONFLICT (both where versions are expected), INVALID (an unknown type, a value that the store
   * cannot hold), UNAVAILABLE.
   */
  append(...appends: readonly Append[]): Promise<readonly Appended[]>
  /** Keeps refused input with its reason; the body not where it names somebody whose personal data was erased. */
  reject(rejections: readonly Rejection[]): Promise<void>
  close(): Promise<void>
}
