import { describe, expect, it } from '@jest/globals'
import * as clocks from '../clocks/plan.js'
import * as journey from '../journey/plan.js'
import * as lists from '../lists/list.js'
import { isFixed, isPlace } from './page-state.js'

const LATE = Date.UTC(10_000, 0)

describe('what a page token holds is refused where no column can hold it', () => {
  it.each([
    ['an entry', isPlace, [0, 3, 15, 2 ** 53 - 1, 7, 'numerator'], [LATE, 2 ** 15, 2 ** 15, 2 ** 53, 2 ** 31, 'both']],
    ['an event', journey.isPlace, [0, 0, 3, 15, 2 ** 53 - 1], [LATE, -8e15, 2 ** 15, 2 ** 15, 2 ** 53]],
    ['a clock', clocks.isPlace, [null, -0.5, 'k'], [LATE, Number.NaN, '\0']],
    ['a clock that is due', clocks.isPlace, [0, 0, ''], [0.5, '0', '\ud800']],
    ['a lead', lists.isPlace, [null, 'l'], [LATE, '\0']],
  ] as [string, (value: unknown) => boolean, unknown[], unknown[]][])('of %s', (_, is, good, bad) => {
    expect(is(good)).toBe(true)
    for (const [index, part] of bad.entries()) expect([part, is(good.with(index, part))]).toEqual([part, false])
  })

  it('of a generation and a version', () => {
    const fixed = { generation: 2 ** 31 - 1, knownAt: 0, version: 1 }
    expect(isFixed(fixed)).toBe(true)
    for (const generation of [0, 2 ** 31, 2 ** 53 - 1]) expect(isFixed({ ...fixed, generation })).toBe(false)
    expect(isFixed({ ...fixed, knownAt: LATE })).toBe(false)
    for (const version of [undefined, 0, 1.5, '1']) expect(isFixed({ ...fixed, version })).toBe(false)
  })
})
