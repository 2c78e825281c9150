import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ATTEMPTS, pauseAfter } from './retries.js'

describe('the pauses between attempts', () => {
  it('are anything from nothing to a bound that doubles, at most six hours', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, random) => {
          const bound = Math.min(10_000 * 2 ** (attempts - 1), 21_600_000)
          const pause = pauseAfter(attempts, random)
          return pause >= 0 && pause <= bound && Math.abs(pause - random * bound) <= 1
        },
      ),
    )
  })

  it('are a day together at most, and more than half of one', () => {
    const longest = Array.from({ length: ATTEMPTS - 1 }, (_, i) => pauseAfter(i + 1, 1)).reduce((sum, one) => sum + one)
    expect(longest / 3_600_000).toBeLessThanOrEqual(24)
    expect(longest / 3_600_000).toBeGreaterThan(12)
  })
})
