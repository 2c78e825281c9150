import { describe, expect, it } from '@jest/globals'
import type { Definitions, Kpi } from '@funnel/definitions'
import { plan } from './plan.js'
import { asked, type Question } from './question.js'
import { secondsOf, sidesOf } from './side.js'

const owners = { marketing: 'Maria', sales: 'Saul' }
const kpi = (formula: Kpi['formula']): Kpi => ({
  id: 'kpi',
  version: 1,
  name: 'KPI',
  description: '',
  owners,
  unit: 'count',
  grain: 'lead',
  formula,
})
const hostile = `x'); drop schema gen_1 cascade; --`
const question: Question = {
  kpi: 'kpi',
  bucket: 'month',
  from: Date.UTC(2024, 0),
  to: Date.UTC(2024, 3),
  by: [hostile],
  filters: [{ dimension: hostile, values: [hostile], none: false }],
}

describe('the plan of a question', () => {
  it('holds nothing of what the caller said but in its parameters', () => {
    const { text, values } = plan(question, kpi({ sum: { measure: hostile, where: { stage: hostile } } }), {
      rolled: [],
      generation: 7,
    })
    expect(text).not.toContain('drop')
    expect(JSON.stringify(values)).toContain('drop')
  })

  it('is prepared under a name of its own for every generation', () => {
    const of = (generation: number) => plan(question, kpi({ sum: { measure: 'touch' } }), { generation, rolled: [] })
    expect(of(7).name).toMatch(/^g7_/)
    expect(of(7).name.length).toBeLessThan(64)
    expect(of(7).text).toContain('gen_7.entry')
    expect(of(8).name).not.toBe(of(7).name)
    expect(of(7).name).toBe(of(7).name)
  })

  it('shares its statement with a question that differs in values only', () => {
    const other = { ...question, from: 0, filters: [{ dimension: 'z', values: ['b', 'c'], none: false }], by: ['z'] }
    const formula = { sum: { measure: 'touch' } }
    expect(plan(other, kpi(formula), { generation: 1, rolled: [] }).name).toBe(
      plan(question, kpi(formula), { generation: 1, rolled: [] }).name,
    )
  })

  it('is of a generation’s tables only', () => {
    expect(() => plan(question, kpi({ sum: { measure: 'touch' } }), { generation: 1.5, rolled: [] })).toThrow(
      RangeError,
    )
  })
})

describe('the sides of a formula', () => {
  it('of a windowed conversion wait for the window on both sides', () => {
    const [numerator, denominator] = sidesOf({ conversion: { from: 'mql', to: 'sql', window: '30d' } })
    expect(numerator).toMatchObject({
      measures: ['converted'],
      stage: 'mql>sql',
      at: 'cohort_at',
      within: 2_592_000,
      matureAfter: 2_592_000,
    })
    expect(denominator).toMatchObject({
      measures: ['stage.first'],
      stage: 'mql',
      at: 'occurred_at',
      matureAfter: 2_592_000,
    })
  })

  it('of an open-ended conversion wait for nothing', () => {
    const sides = sidesOf({ conversion: { from: 'captured', to: 'won' } })
    expect(sides.map(({ measures, matureAfter }) => [measures, matureAfter])).toEqual([
      [['converted'], undefined],
      [['lead.captured'], undefined],
    ])
  })

  it('know stocks by their measures', () => {
    expect(sidesOf({ stock: { measure: 'deal.open' } })[0].stock).toBe(true)
    expect(sidesOf({ sum: { measure: 'deal.opened' } })[0].stock).toBe(false)
  })

  it('take windows in seconds, minutes, hours, days and weeks', () => {
    expect(['90s', '5m', '2h', '30d', '1w'].map(secondsOf)).toEqual([90, 300, 7200, 2_592_000, 604_800])
    expect(() => secondsOf('a month')).toThrow(RangeError)
  })
})

describe('a question', () => {
  const definitions: Definitions = {
    funnel: { id: 'f', version: 1, name: '', description: '', owners, stages: [], conversions: [] },
    dimensions: [{ id: 'channel', version: 1, name: '', description: '', owners, sources: {} }],
    kpis: [kpi({ sum: { measure: 'touch' } })],
    teams: [],
  }
  const plain = { kpi: 'kpi', by: [], filters: [] }

  it('is answered by the KPI it names', () => {
    expect(asked({ ...plain, by: ['channel', 'stage'] }, definitions).id).toBe('kpi')
  })

  it.each([
    ['an unknown KPI', { ...plain, kpi: 'x' }, 'There is no KPI "x"; there are kpi'],
    ['an unknown dimension', { ...plain, by: ['x'] }, 'There is no dimension "x"; there are stage, channel'],
    [
      'too many filters',
      { ...plain, filters: Array.from({ length: 17 }, () => ({ dimension: 'channel', values: ['a'], none: false })) },
      'At most 16',
    ],
  ])('with %s is refused in words that help', (_, question, message) => {
    expect(() => asked(question, definitions)).toThrow(message)
  })
})
