import { describe, expect, it } from '@jest/globals'
import { KpiDefinition, NoValueReason, Unit, type KpiAnswer, type KpiCell, type Money } from '@funnel/query-api'
import { answerTable } from './kpi.js'

const money = (minor: number, currency: string): Money => ({ minor, currency, exponent: 2 })
const several: KpiCell = {
  value: {
    $case: 'noValue',
    value: { reason: NoValueReason.NO_VALUE_REASON_SEVERAL_CURRENCIES, message: 'several, see the parts' },
  },
  numerator: { amount: { $case: 'parts', value: { parts: [money(100, 'EUR'), money(200, 'USD')] } } },
  sampleSize: 3,
  immature: 0,
}
const answer = (unit: Unit, cell: KpiCell): KpiAnswer => ({
  definition: KpiDefinition.create({ id: 'kpi', unit }),
  basis: undefined,
  note: '',
  rows: [{ bucketStart: undefined, dimensions: [], cell }],
  used: [],
})
const told = (unit: Unit, cell: KpiCell) =>
  answerTable(answer(unit, cell), [])
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

describe('the table of an answer', () => {
  it('shows the parts of money in several currencies, which has no value', () => {
    expect(told(Unit.UNIT_MONEY, several)).toEqual([['kpi'], ['1.00 EUR + 2.00 USD', 'several, see the parts']])
  })

  it('shows what a mean of money is made of, as of a ratio, also where it is in several currencies', () => {
    const denominator = { amount: { $case: 'count' as const, value: 3 } }
    expect(told(Unit.UNIT_MONEY, { ...several, denominator })).toEqual([
      ['kpi', 'of', 'n'],
      ['—', '1.00 EUR + 2.00 USD / 3', '3', 'several, see the parts'],
    ])
    const mean: KpiCell = {
      ...several,
      value: { $case: 'money', value: money(50, 'EUR') },
      numerator: { amount: { $case: 'money', value: money(150, 'EUR') } },
      denominator,
    }
    expect(told(Unit.UNIT_MONEY, mean)).toEqual([
      ['kpi', 'of', 'n'],
      ['0.50 EUR', '1.50 EUR / 3', '3'],
    ])
  })

  it('shows money of one currency by itself', () => {
    const total: KpiCell = { ...several, value: { $case: 'money', value: money(100, 'EUR') } }
    expect(told(Unit.UNIT_MONEY, total)).toEqual([['kpi'], ['1.00 EUR']])
  })
})
