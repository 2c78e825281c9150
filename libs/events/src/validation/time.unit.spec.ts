import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { normalTime } from './time.js'

describe('A time', () => {
  it.each([
    ['2026-01-05T10:00:00.000Z', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T10:00:00Z', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05t10:00z', '2026-01-05T10:00:00.000Z'],
    ['2026-01-05T10:00:00.9999999Z', '2026-01-05T10:00:00.999Z'],
    ['2026-01-05T10:00:00.5+02:00', '2026-01-05T08:00:00.500Z'],
    ['2026-01-01T00:30:00+0100', '2025-12-31T23:30:00.000Z'],
    ['2025-12-31T23:30:00-01:00', '2026-01-01T00:30:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999+01:00', '9999-12-31T22:59:59.999Z'],
  ])('%s is %s', (sent, normal) => {
    expect(normalTime(sent)).toBe(normal)
  })

  it.each([
    ['2026-01-05T10:00:00', 'no zone'],
    ['2026-01-05 10:00:00', 'no zone'],
    ['2026-01-05', 'no instant'],
    ['yesterday', 'no instant'],
    ['', 'no instant'],
    ['2026-02-30T00:00:00Z', 'does not exist'],
    ['2026-02-30T00:00:00.000Z', 'does not exist'],
    ['2025-02-29T00:00:00.000Z', 'does not exist'],
    ['2026-13-01T00:00:00Z', 'does not exist'],
    ['2026-01-05T24:00:00Z', 'does not exist'],
    ['2026-01-05T10:60:00Z', 'does not exist'],
    ['2026-06-30T23:59:60Z', 'does not exist'],
    ['2026-01-05T10:00:00+19:00', 'offset'],
    ['1969-12-31T23:59:59.999Z', 'before 1970'],
    ['0001-01-01T00:00:00Z', 'does not exist'],
    // was recorded as year 10000, of which no reader of ISO 8601 makes anything
    ['9999-12-31T23:59:59-01:00', 'after the year 9999'],
    [1767607200000, 'is number'],
    [null, 'not text'],
  ])('%s is refused: %s', (sent, message) => {
    expect(() => normalTime(sent)).toThrow(expect.objectContaining({ code: 'INVALID', details: { field: 'time' } }))
    expect(() => normalTime(sent)).toThrow(message)
  })

  it('means the same instant with every offset', () => {
    const two = (n: number) => String(n).padStart(2, '0')
    fc.assert(
      fc.property(fc.nat({ max: 4e12 }), fc.integer({ min: -14 * 60, max: 14 * 60 }), (instant, offset) => {
        fc.pre(instant + offset * 60_000 >= 0)
        const local = new Date(instant + offset * 60_000).toISOString().slice(0, -1)
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
        expect(normalTime(local + zone)).toBe(new Date(instant).toISOString())
      }),
    )
  })
})
