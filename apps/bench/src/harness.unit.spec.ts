import { describe, expect, it } from '@jest/globals'
import { compare, concurrently, spread } from './harness.js'
import { print } from './print.js'

describe('the benchmark harness', () => {
  it('tells median, least and greatest', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
    expect(spread([]).median).toBeNaN()
  })

  it('compares within each round and throws the first one away', async () => {
    const ours = [1, 100, 200, 400]
    const theirs = [1, 50, 20, 100]
    const of = (units: number[]) => (round: number) => Promise.resolve({ units: units[round]!, ms: 1000 })
    const figure = await compare({
      goal: 'G0',
      what: 'nothing',
      unit: 'events/s',
      rounds: 3,
      ours: { name: 'we', run: of(ours) },
      peers: [{ name: 'they', target: 5, run: of(theirs) }],
      notes: ['as they come'],
    })
    expect(figure.rates).toEqual({ we: { median: 200, min: 100, max: 400 }, they: { median: 50, min: 20, max: 100 } })
    expect(figure.ratios).toEqual({ they: { median: 4, min: 2, max: 10 } })
    const text = print(figure)
    expect(text).toMatch(/÷ they +4\.00 × +\(2\.00 – 10\.00\) +goal ≥ 5: not reached/)
    expect(text).toContain('as they come')
  })

  it('never runs more at a time than it is told, and everything once', async () => {
    let now = 0
    let most = 0
    const done: number[] = []
    await concurrently(20, 3, async (index) => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      done.push(index)
      now--
    })
    expect(most).toBe(3)
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })
})
