import { describe, expect, it } from '@jest/globals'
import type { Entry } from '@funnel/ledger'
import { Recent } from './recent.js'

const at = (...times: number[]) => times.map((recorded) => ({ recorded }) as Entry)
const next = (recent: Recent, after: number, size: number) => {
  const slice = recent.next(after, size)
  return slice && { recorded: (slice.entries as Entry[]).map(({ recorded }) => recorded), end: slice.end }
}

describe('what was saved lately', () => {
  it('is a slice once there is enough of it, with all of its last instant', () => {
    const recent = new Recent(null)
    recent.saved(at(1, 2), 2)
    expect(next(recent, -Infinity, 3)).toBeNull()
    recent.saved(at(3, 3, 3, 4), 4)
    expect(next(recent, -Infinity, 3)).toEqual({ recorded: [1, 2, 3, 3, 3], end: 3 })
    expect(next(recent, 3, 1)).toEqual({ recorded: [4], end: 4 })
    expect(next(recent, 4, 1)).toBeNull()
  })

  it('is no slice yet while more of its last instant may come', () => {
    const recent = new Recent(null)
    recent.saved(at(1, 2, 2), 1)
    expect(next(recent, -Infinity, 2)).toBeNull()
    recent.saved(at(2), 2)
    expect(next(recent, -Infinity, 2)).toEqual({ recorded: [1, 2, 2, 2], end: 2 })
  })

  it('is given again where it was not sealed after all', () => {
    const recent = new Recent(null)
    recent.saved(at(1, 2, 3), 3)
    expect(next(recent, -Infinity, 2)).toEqual(next(recent, -Infinity, 2))
  })

  it('must be read where some of it was saved before, until that is sealed', () => {
    const recent = new Recent(10)
    recent.saved(at(11, 12, 13), 13)
    expect(next(recent, 9, 1)).toBeUndefined()
    expect(next(recent, 12, 1)).toEqual({ recorded: [13], end: 13 })
  })

  it('is let go where it is too much, and must be read', () => {
    const recent = new Recent(null)
    for (let time = 1; time <= 250; time++) recent.saved(at(...Array.from({ length: 1000 }, () => time)), time)
    expect(next(recent, -Infinity, 1)).toBeUndefined()
    expect(next(recent, 200, 1)).toBeUndefined()
    expect(next(recent, 201, 1)).toMatchObject({ end: 202 })
  })
})
