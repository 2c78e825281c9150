/** A rank as an exact fraction: the median is 1/2. */
export interface Rank {
  readonly numerator: number
  readonly denominator: number
}

export const ranks = {
  median: { numerator: 1, denominator: 2 },
  p90: { numerator: 9, denominator: 10 },
} as const satisfies Record<string, Rank>

/**
 * How a percentile of `n` sorted values is put together (linear interpolation, PostgreSQL's percentile_cont): the values
 * number `low` and `high` from 0, and how far it lies between them. `n` is at least 1.
 */
export function interpolation({ numerator, denominator }: Rank, n: number) {
  const scaled = (n - 1) * numerator
  const low = Math.floor(scaled / denominator)
  const rest = scaled % denominator
  return { low, high: rest === 0 ? low : low + 1, share: rest / denominator }
}

/** The value `share` of the way from `low` to `high`. */
export const between = (low: number, high: number, share: number): number => low + (high - low) * share
