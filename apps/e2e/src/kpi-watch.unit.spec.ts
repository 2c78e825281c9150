import { describe, expect, it } from '@jest/globals'
import { falls, type Told } from './kpi-watch.js'

const told = (...answers: readonly [at: number, count: number, kpi?: string][]): Told[] =>
  answers.map(([at, count, kpi = 'leads']) => ({ kpi, asked: at, answered: at + 10, count }))

describe('counts that are asked for again and again', () => {
  it('may stand or rise, each by itself', () => {
    expect(falls(told([0, 5], [1, 3, 'touches'], [2, 5], [3, 4, 'touches'], [4, 9]), [])).toEqual([])
  })

  it('may not fall', () => {
    expect(falls(told([0, 5], [100, 4], [200, 6], [300, 5]), [])).toEqual([
      'leads fell from 5 to 4 after 110 ms',
      'leads fell from 6 to 5 after 310 ms',
    ])
  })

  it('may fall across a crash of the database, and only there', () => {
    const crash = { at: 1000, until: 2000 }
    expect(falls(told([900, 5], [2100, 4], [2200, 5]), [crash])).toEqual([])
    expect(falls(told([2500, 5], [2600, 4]), [crash])).toEqual([]) // from before it still
    expect(falls(told([500, 5], [600, 4]), [crash])).toHaveLength(1)
    expect(falls(told([3100, 5], [3200, 4]), [crash])).toHaveLength(1)
  })
})
