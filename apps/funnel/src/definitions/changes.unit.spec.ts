import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { changesBetween } from './changes.js'

describe('What changed in a definition', () => {
  it('is told field by field', () => {
    const before = { name: 'A', owners: { marketing: 'mia', sales: 'sam' }, note: 'gone', formula: { sum: 1 } }
    const after = { name: 'B', owners: { marketing: 'mia', sales: 'sue' }, unit: 'count', formula: { stock: 1 } }
    expect(changesBetween(before, after)).toEqual([
      { path: 'name', before: 'A', after: 'B' },
      { path: 'owners.sales', before: 'sam', after: 'sue' },
      { path: 'unit', after: 'count' },
      { path: 'formula.stock', after: 1 },
      { path: 'formula.sum', before: 1 },
      { path: 'note', before: 'gone' },
    ])
  })

  it('names parts of a list by their ids, so that one more in front is one change', () => {
    const stage = (id: string, owner = 'sales') => ({ id, owner })
    expect(
      changesBetween(
        { stages: [stage('mql'), stage('sql')] },
        { stages: [stage('new'), stage('mql', 'marketing'), stage('sql')] },
      ),
    ).toEqual([
      { path: 'stages.new', after: stage('new') },
      { path: 'stages.mql.owner', before: 'sales', after: 'marketing' },
    ])
  })

  it('names other parts by their places', () => {
    expect(changesBetween(['a', 'b'], ['a', 'c', 'd'])).toEqual([
      { path: '1', before: 'b', after: 'c' },
      { path: '2', after: 'd' },
    ])
  })

  it('is also another order of a list', () => {
    const [a, b] = [{ id: 'a' }, { id: 'b' }]
    const order = { path: 'stages', before: ['a', 'b'], after: ['b', 'a'] }
    expect(changesBetween({ stages: [a, b] }, { stages: [b, a] })).toEqual([order])
    expect(changesBetween({ stages: [a, b] }, { stages: [{ ...b, name: 'B' }, a] })).toEqual([
      order,
      { path: 'stages.b.name', after: 'B' },
    ])
  })

  it('is nothing exactly where nothing is another', () => {
    const parts = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), n: fc.nat({ max: 2 }) }), { maxLength: 3 })
    const value = fc.record({
      parts,
      list: fc.array(fc.nat({ max: 2 }), { maxLength: 2 }),
      n: fc.option(fc.nat({ max: 1 })),
    })
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(changesBetween(a, b).length === 0).toBe(JSON.stringify(a) === JSON.stringify(b))
        expect(changesBetween(a, structuredClone(a))).toEqual([])
      }),
    )
  })
})
