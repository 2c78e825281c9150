import { describe, expect, it } from '@jest/globals'
import { currencyAdvice, exponentOf, isCurrency } from './currency.js'

describe('a currency', () => {
  it.each(['EUR', 'USD', 'JPY', 'CLF', 'UYI', 'UYW', 'VED', 'MXV', 'BHD'])('%s is one', (code) => {
    expect(isCurrency(code)).toBe(true)
  })
  it.each(['eur', 'EU', 'EURO', 'US$', 'XXX', 'BTC', '', 'QQQ'])('%j is none', (code) => {
    expect(isCurrency(code)).toBe(false)
  })
  it('has minor units of its own', () => {
    expect(['USD', 'JPY', 'KWD', 'CLF'].map(exponentOf)).toEqual([2, 0, 3, 4])
  })
  it('that is none is told with those it may be meant for', () => {
    expect(currencyAdvice('EURO')).toBe('an ISO 4217 code in capital letters: did you mean EUR?')
    expect(currencyAdvice('dollars of the US')).toBe('an ISO 4217 code in capital letters, such as EUR')
  })
})
