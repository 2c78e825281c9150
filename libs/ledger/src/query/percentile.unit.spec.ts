import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { between, interpolation, ranks } from './percentile.js'

/** The definition, by way of an expanded sorted list. */
function percentile(sorted: readonly number[], share: number): number {
  const rank = share * (sorted.length - 1)
  const low = sorted[Math.floor(rank)] ?? NaN
  const high = sorted[Math.ceil(rank)] ?? NaN
  return low + (high - low) * (rank - Math.floor(rank))
}

describe('a percentile', () => {
  it('lies between its two neighbours as percentile_cont has it, for any values, signs and ties', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b)
        for (const [name, share] of [
          ['median', 0.5],
          ['p90', 0.9],
        ] as const) {
          const { low, high, share: part } = interpolation(ranks[name], sorted.length)
          expect(between(sorted[low] ?? NaN, sorted[high] ?? NaN, part)).toBeCloseTo(percentile(sorted, share), 6)
        }
      }),
    )
  })

  it('is exact where the rank is whole, however many values there are', () => {
    expect(interpolation(ranks.p90, 8_000_001)).toEqual({ low: 7_200_000, high: 7_200_000, share: 0 })
  })
})
