import { typeOf, type Instant } from '@funnel/events'
import type { Happened } from './decider.js'

/** A value as the fact that happened last tells it. */
export interface Latest<Value> {
  readonly value: Value
  readonly at: Instant
  /** Rank of the fact's type: the order among facts of one instant. */
  readonly rank: number
}

/**
 * What is known of a value after an event that may tell it. As in every fold, the order is by when things happened: a
 * report that comes late changes nothing that happened after it. Facts of one instant and rank count as they came.
 */
export function latest<Value>(
  known: Latest<Value> | undefined,
  value: Value | undefined,
  { type, at }: Happened,
): Latest<Value> | undefined {
  if (value === undefined) return known
  const rank = typeOf(type)!.rank
  if (known && (at < known.at || (at === known.at && rank < known.rank))) return known
  return { value, at, rank }
}
