import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseTime } from './time.js'

const now = Date.UTC(2026, 5, 15, 12)
const iso = (text: string) => parseTime(text, '--from', now).toISOString()

describe('a time on the command line', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01', '2026-01-01T00:00:00.000Z'],
    ['2026-01-31T12:30', '2026-01-31T12:30:00.000Z'],
    ['2026-01-31 12:30:15.250', '2026-01-31T12:30:15.250Z'],
    ['2026-01-31T12:30Z', '2026-01-31T12:30:00.000Z'],
    ['2026-01-31T12:30+01:00', '2026-01-31T11:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['now', '2026-06-15T12:00:00.000Z'],
    ['15m', '2026-06-15T11:45:00.000Z'],
    ['-24h', '2026-06-14T12:00:00.000Z'],
    ['30d', '2026-05-16T12:00:00.000Z'],
    ['2w', '2026-06-01T12:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(iso(text)).toBe(expected)
  })

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '2026-01-31T25:00',
    '31.01.2026',
    '5y',
    '2026-01T12:00',
  ])('%j is refused, naming the option', (text) => {
    expect(() => iso(text)).toThrow(/^--from .*is no time/)
  })

  it('reads back every day it could have printed', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1971-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
        (date) => {
          const day = date.toISOString().slice(0, 10)
          return iso(day) === `${day}T00:00:00.000Z`
        },
      ),
    )
  })
})
