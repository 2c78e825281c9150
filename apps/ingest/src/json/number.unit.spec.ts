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

  it('is looked at once, however many zeros lie in it', () => {
    // a pattern that looked for ending zeros took 100 s for these 230 kB, and nobody was served meanwhile
    expect(numberFault(`0.1${'0'.repeat(230_000)}1`)).toContain('another number')
    expect(numberFault(`0.1${'0'.repeat(230_000)}`)).toBeUndefined()
  })

  it('is refused as an integer exactly when it is beyond ±(2^53 − 1)', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (value) => {
        const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        expect(numberFault(String(value)) === undefined).toBe(safe)
      }),
    )
  })

  it.each([
    '0.12345678901234567',
    '4.3500000000000001',
    '0.1000000000000000055',
    '9007199254740990.9',
    '1.0000000000000001',
  ])('is refused when it would become another: %s', (text) => {
    expect(numberFault(text)).toContain('another number')
    expect(numberFault(`-${text}`)).toContain('another number')
  })

  it.each([
    '1.0',
    '1e2',
    '0.10',
    '-0',
    '-0.0e7',
    '1E+2',
    '0.00001',
    '1e-7',
    '0.1e1',
    '120.50',
    '4.35',
    '5e-324',
    '1.7976931348623157e-300',
  ])('is let through however it is written: %s', (text) => {
    expect(numberFault(text)).toBeUndefined()
  })

  it('is let through exactly when JavaScript writes the same number for it', () => {
    const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.integer({ min: -30, max: -1 }))
    fc.assert(
      fc.property(decimal, fc.nat(3), ([digits, exponent], zeros) => {
        const text = `${digits}${'0'.repeat(zeros)}e${exponent - zeros}`
        const value = Number(text)
        fc.pre(!Number.isInteger(value) || Number.isSafeInteger(value))
        const same = scaled(text) === scaled(String(value))
        expect(numberFault(text) === undefined).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })
})

/** A decimal text times 10^80. */
function scaled(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return BigInt(whole + fraction) * 10n ** BigInt(80 - fraction.length + Number(exponent))
}
