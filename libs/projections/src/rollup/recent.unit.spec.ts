import { describe, expect, it } from '@jest/globals'
import { lineOf, type Entry } from '@funnel/ledger'
import { Recent } from './recent.js'

/** Entries of these days, each recorded at the millisecond of the same number. */
const at = (...days: number[]): Entry[] =>
  days.map((day) => ({
    ...lineOf('touch', 1, { occurred: day * 86_400_000, subject: { kind: 'visitor', id: 'v' }, dims: {} }),
    cause: { topic: 'touchpoints', partition: 0, position: day },
    ordinal: 0,
    recorded: day,
  }))
/** The next slice by the days of its entries. */
const next = (recent: Recent, after: number) => {
  const slice = recent.next(after)
  if (!slice) return slice
  const rolls = [...slice.rollUp.rolls()]
  return {
    days: rolls.flatMap(({ days, amounts }) => days.flatMap((day, i) => Array(Number(amounts[i])).fill(day))),
    end: slice.end,
  }
}

describe('what was saved lately', () => {
  it('is a slice once there is enough of it, with all of its last instant', () => {
    const recent = new Recent([], 3, null)
    recent.saved(at(1, 2), 2)
    expect(next(recent, -Infinity)).toBeNull()
    recent.saved(at(3, 3, 3, 4), 4)
    expect(next(recent, -Infinity)).toEqual({ days: [1, 2, 3, 3, 3], end: 3 })
    expect(next(recent, 3)).toBeNull()
    recent.saved(at(5, 6), 6)
    expect(next(recent, 3)).toEqual({ days: [4, 5, 6], end: 6 })
    expect(next(recent, 6)).toBeNull()
  })

  it('is several slices where it is enough for them', () => {
    const recent = new Recent([], 2, null)
    expect(next(recent, -Infinity)).toBeNull()
    recent.saved(at(1, 2, 3, 4, 5), 5)
    expect(next(recent, -Infinity)).toEqual({ days: [1, 2], end: 2 })
    expect(next(recent, 2)).toEqual({ days: [3, 4], end: 4 })
    expect(next(recent, 4)).toBeNull()
  })

  it('is no slice yet while more of its last instant may come', () => {
    for (const before of [[], [null]]) {
      const recent = new Recent([], 2, null)
      for (const _ of before) expect(next(recent, -Infinity)).toBeNull()
      recent.saved(at(1, 2, 2), 1)
      expect(next(recent, -Infinity)).toBeNull()
      recent.saved(at(2), 2)
      expect(next(recent, -Infinity)).toEqual({ days: [1, 2, 2, 2], end: 2 })
    }
  })

  it('is given once: where it was not sealed after all, it must be read', () => {
    const recent = new Recent([], 2, null)
    recent.saved(at(1, 2, 3), 3)
    expect(next(recent, -Infinity)).toEqual({ days: [1, 2], end: 2 })
    expect(next(recent, -Infinity)).toBeUndefined()
    recent.saved(at(4), 4)
    expect(next(recent, 2)).toEqual({ days: [3, 4], end: 4 })
  })

  it('must be read where some of it was saved before, until that is sealed', () => {
    const recent = new Recent([], 1, 10)
    recent.saved(at(11, 12, 13), 13)
    expect(next(recent, 9)).toBeUndefined()
    expect(next(recent, 12)).toEqual({ days: [13], end: 13 })
  })

  it('once lacked what an earlier process had saved of the millisecond after its watermark', () => {
    const recent = new Recent([], 1, 10)
    recent.saved(at(11, 12, 13), 13)
    expect(next(recent, 10)).toBeUndefined()
    expect(next(recent, 12)).toEqual({ days: [13], end: 13 })
  })

  it('once counted twice what was sealed from the table before it was told of', () => {
    const recent = new Recent([], 1, 10)
    expect(next(recent, 10)).toBeUndefined()
    expect(next(recent, 12)).toBeNull()
    recent.saved(at(11, 12, 13), 13)
    expect(next(recent, 12)).toEqual({ days: [13], end: 13 })
  })

  it('must be read where somebody else has sealed some of it, until what was known by then is sealed', () => {
    const recent = new Recent([], 2, null)
    expect(next(recent, -Infinity)).toBeNull()
    recent.saved(at(1, 2, 3), 3)
    expect(next(recent, 1)).toBeUndefined()
    recent.saved(at(4, 5), 5)
    expect(next(recent, 3)).toEqual({ days: [4, 5], end: 5 })
  })

  it.each([
    ['not known yet where the next slice begins', false],
    ['known where the next slice begins', true],
  ])('is let go where it is too much, and must be read: %s', (_, known) => {
    const recent = new Recent([], 5000, null)
    if (known) expect(next(recent, -Infinity)).toBeNull()
    for (let day = 1; day <= 65; day++) recent.saved(at(...Array.from({ length: 1000 }, () => day)), day)
    expect(recent.next(-Infinity)).toBeUndefined()
    expect(recent.next(50)).toBeUndefined()
    expect(recent.next(60)).toMatchObject({ end: 65 })
  })
})
