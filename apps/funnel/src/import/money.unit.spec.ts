import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { exponentOf } from '@funnel/events'
import { parseMoney, parseNumber } from './money.js'

describe('Money in a cell', () => {
  it.each([
    ['1054', 'USD', 105_400],
    ['1,054.5', 'USD', 105_450],
    ['1,234,567.89', 'USD', 123_456_789],
    ['-0.01', 'EUR', -1],
    ['0', 'USD', 0],
    ['-0', 'USD', 0],
    ['1054', 'JPY', 1_054],
    ['1.234', 'KWD', 1_234],
    ['2.5000', 'USD', 250],
    ['$1,000.00', 'USD', 100_000],
    ['12.30 EUR', 'EUR', 1_230],
    ['€ 12.30', 'EUR', 1_230],
    ["1'000.50", 'CHF', 100_050],
    ['1 000.50', 'CHF', 100_050],
  ])('%s in %s is %d minor units', (text, currency, minor) => {
    expect(parseMoney(text, currency)).toEqual({ minor, currency })
  })
  it('is read with a decimal comma where the mapping says so', () => {
    expect(parseMoney('1.054,50', 'EUR', ',')).toEqual({ minor: 105_450, currency: 'EUR' })
    expect(() => parseMoney('1,054.50', 'EUR', ',')).toThrow('not a number')
  })
  it.each([
    ['10.505', 'USD', 'more than the 2 decimals of USD'],
    ['10.5', 'JPY', 'more than the 0 decimals of JPY'],
    ['', 'USD', 'not a number'],
    ['ten', 'USD', 'not a number'],
    ['1e3', 'USD', 'not a number'],
    ['1,05', 'USD', 'not a number'],
    ['1.2.3', 'USD', 'not a number'],
    ['90071992547409.93', 'USD', 'too large'],
    ['1', 'EUX', 'must be an ISO 4217 code in capital letters: did you mean EUR'],
  ])('%s in %s is refused', (text, currency, message) => {
    expect(() => parseMoney(text, currency)).toThrow(message)
  })
  it('loses no unit: what is written from minor units is read back', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), (minor, currency) => {
        const exponent = exponentOf(currency)
        const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
        const whole = digits.slice(0, digits.length - exponent)
        const text = `${minor < 0 ? '-' : ''}${whole}${exponent ? `.${digits.slice(-exponent)}` : ''}`
        expect(parseMoney(text, currency).minor).toBe(minor)
      }),
    )
  })
})

describe('A number in a cell', () => {
  it('is read with its groups and decimals', () => {
    expect(parseNumber(' 1,000.25 ')).toBe(1000.25)
    expect(parseNumber('-3')).toBe(-3)
    expect(parseNumber('100.0')).toBe(100)
    expect(() => parseNumber('abc')).toThrow('not a number')
  })
})
