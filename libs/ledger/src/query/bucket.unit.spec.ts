import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { endOf, startOf, type Bucket } from './bucket.js'

const buckets: readonly Bucket[] = ['day', 'week', 'month', 'quarter', 'year']
const at = (text: string) => Date.parse(`${text}Z`)

describe('a bucket', () => {
  it.each([
    ['day', '2024-02-29T00:00', '2024-03-01T00:00'],
    ['week', '2024-02-26T00:00', '2024-03-04T00:00'],
    ['month', '2024-02-01T00:00', '2024-03-01T00:00'],
    ['quarter', '2024-01-01T00:00', '2024-04-01T00:00'],
    ['year', '2024-01-01T00:00', '2025-01-01T00:00'],
  ] as const)('of a %s holds the last instant of a leap day', (bucket, start, end) => {
    expect(startOf(bucket, at('2024-02-29T23:59:59.999'))).toBe(at(start))
    expect(endOf(bucket, at(start))).toBe(at(end))
  })

  it('is half-open and leaves no gap, also before 1970', () => {
    const instant = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2200, 0) })
    fc.assert(
      fc.property(instant, fc.constantFrom(...buckets), (instant, bucket) => {
        const start = startOf(bucket, instant)
        const end = endOf(bucket, start)
        expect(start <= instant && instant < end).toBe(true)
        expect([startOf(bucket, start), startOf(bucket, end - 1), startOf(bucket, end)]).toEqual([start, start, end])
      }),
    )
  })
})
