import type { Instant, Recorded } from '@funnel/events'

/** What a log says about definitions: in PostgreSQL and in memory. Nothing recorded before a call is missing. */
export interface DefinitionLog {
  /** What was recorded of definitions after a position of their one partition, in order. Rejects with UNAVAILABLE. */
  read(after: number): Promise<readonly Recorded[]>
  /**
   * When the first business event was recorded, of a touch, a lead, a deal or a promise; undefined before. Rejects with
   * UNAVAILABLE.
   */
  firstBusiness(): Promise<Instant | undefined>
}
