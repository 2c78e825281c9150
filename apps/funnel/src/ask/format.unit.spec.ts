import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { NoValueReason } from '@funnel/query-api'
import {
  formatCount,
  formatDimension,
  formatMoney,
  formatQuantity,
  formatRatio,
  formatSeconds,
  formatValue,
  whyNone,
} from './format.js'

const usd = (minor: number) => ({ minor, currency: 'USD', exponent: 2 })

describe('money', () => {
  it.each([
    [usd(105_400), '1,054.00 USD'],
    [usd(5), '0.05 USD'],
    [usd(-123_456_789), '-1,234,567.89 USD'],
    [usd(0), '0.00 USD'],
    [{ minor: 1054, currency: 'JPY', exponent: 0 }, '1,054 JPY'],
    [{ minor: 1_234_567, currency: 'BHD', exponent: 3 }, '1,234.567 BHD'],
  ])('%j is written %s', (money, text) => {
    expect(formatMoney(money)).toBe(text)
  })

  it('loses nothing: the digits written are the minor units', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 4 }), (minor, exponent) => {
        const text = formatMoney({ minor, currency: 'XXX', exponent })
        return Number(text.replace(/[^\d-]/g, '')) === minor
      }),
    )
  })

  it('in several currencies stays apart', () => {
    const parts = { parts: [usd(100), { minor: 200, currency: 'EUR', exponent: 2 }] }
    expect(formatQuantity({ amount: { $case: 'parts', value: parts } })).toBe('1.00 USD + 2.00 EUR')
  })
})

describe('a value', () => {
  it('is written in its unit', () => {
    expect(formatValue({ $case: 'count', value: 1_234_567 })).toBe('1,234,567')
    expect(formatValue({ $case: 'ratio', value: 0.10525 })).toBe('10.525 %')
    expect(formatValue({ $case: 'seconds', value: 14.65 * 86_400 })).toBe('14.65 d')
    expect(formatRatio(0)).toBe('0.000 %')
    expect(formatSeconds(-86_400)).toBe('-1.00 d')
    expect(formatSeconds(8100)).toBe('2.25 h')
    expect(formatCount(-1000)).toBe('-1,000')
  })

  it('that does not exist is a dash with the reason, never zero', () => {
    const none = {
      $case: 'noValue' as const,
      value: { reason: NoValueReason.NO_VALUE_REASON_DENOMINATOR_ZERO, message: '' },
    }
    expect(formatValue(none)).toBe('—')
    expect(whyNone(none)).toBe('nothing to divide by')
    expect(whyNone({ $case: 'count', value: 0 })).toBeUndefined()
  })
})

describe('a dimension’s value', () => {
  it('tells none, the empty text and a word apart', () => {
    expect([undefined, '', 'unknown'].map(formatDimension)).toEqual(['(none)', '(empty)', 'unknown'])
  })
  it('says nothing to the terminal: anybody may send one, and escapes and line ends in it were carried out', () => {
    expect(formatDimension('a\u001b[2Jb\nc\u009bd')).toBe('a\ufffd[2Jb\ufffdc\ufffdd')
  })
})
