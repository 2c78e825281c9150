import { describe, expect, it } from '@jest/globals'
import type { Definitions, Kpi, Sum } from '@funnel/definitions'
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

  const asks = (formula: Kpi['formula'], more: Partial<Question>) => () =>
    asked({ ...plain, ...more }, { ...definitions, kpis: [kpi(formula)] })
  const byStage = { by: ['stage'] }
  const ofStage = { filters: [{ dimension: 'stage', values: ['sql'], none: false }] }
  const sql = { stage: 'sql' }

  it.each<[string, Sum, Sum]>([
    ['one has a stage and the other none', { measure: 'stage.first', where: sql }, { measure: 'lead.captured' }],
    ['one is of all stages and the other of none', { measure: 'lead.recycled' }, { measure: 'lead.captured' }],
    ['one is of a stage and the other of all', { measure: 'stage.first', where: sql }, { measure: 'stage.first' }],
    [
      'they are of two stages',
      { measure: 'stage.first', where: sql },
      { measure: 'stage.first', where: { stage: 'mql' } },
    ],
    [
      'one is of a part that has no stage',
      { measures: ['stage.first', 'lead.captured'] },
      { measure: 'stage.entered' },
    ],
    ['one goes by pairs of stages', { measure: 'converted' }, { measure: 'stage.first' }],
  ])('by stage about a ratio whose sides have different ones is refused: %s', (_, numerator, denominator) => {
    const words = /^kpi divides .* so it cannot be asked by stage: ask by another dimension$/
    expect(asks({ ratio: { numerator, denominator } }, byStage)).toThrow(words)
    expect(asks({ ratio: { numerator, denominator } }, ofStage)).toThrow(words)
    expect(asks({ ratio: { numerator, denominator } }, { by: ['channel'] })).not.toThrow()
  })

  it.each<[string, Sum, Sum]>([
    ['of all stages', { measure: 'lead.recycled' }, { measure: 'stage.entered' }],
    ['of one stage', { measure: 'lead.recycled', where: sql }, { measure: 'stage.entered', where: sql }],
    ['of deals by theirs', { measure: 'deal.open.value' }, { measure: 'deal.open' }],
    ['of none', { measure: 'deal.won' }, { measures: ['deal.won', 'deal.lost'] }],
  ])('by stage about a ratio whose sides have the same ones is answered: %s', (_, numerator, denominator) => {
    expect(asks({ ratio: { numerator, denominator } }, byStage)).not.toThrow()
    expect(asks({ ratio: { numerator, denominator } }, ofStage)).not.toThrow()
  })

  it('by stage about a duration is refused for the reason that holds', () => {
    expect(asks({ elapsed: { measure: 'converted', where: { stage: 'mql>sql' }, stat: 'mean' } }, byStage)).toThrow(
      'kpi goes from one stage to another, so it cannot be asked by stage',
    )
    expect(asks({ conversion: { from: 'mql', to: 'sql' } }, byStage)).toThrow('kpi goes from one stage to another')
    for (const measure of ['deal.won', 'sla.answered', 'sla.late'])
      expect(asks({ elapsed: { measure, stat: 'median' } }, byStage)).toThrow(
        `kpi tells how long ${measure} took, which is of no stage, so it cannot be asked by stage`,
      )
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
