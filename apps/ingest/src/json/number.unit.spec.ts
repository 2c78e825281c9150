import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { numberFault } from './number.js'

describe('A number of JSON', () => {
  it('is let through when it is how JavaScript writes a double that is no large integer', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Number.isInteger(value) || Number.isSafeInteger(value))
        expect(numberFault(JSON.stringify(value))).toBeUndefined()
      }),
    )
  })

  it('is refused as an integer exactly when it is beyond ±(2^53 − 1)', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (value) => {
        const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        expect(numberFault(String(value)) === undefined).toBe(safe)
      }),
    )
  })
})
