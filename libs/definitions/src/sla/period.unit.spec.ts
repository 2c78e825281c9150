import { describe, expect, it } from '@jest/globals'
import { periodAt } from './period.js'
import type { PeriodPolicy } from './policy.js'

const of = (period: 'week' | 'month' | 'quarter', at: string) => {
  const policy: PeriodPolicy = {
    id: 'volume',
    version: 1,
    name: 'Volume',
    description: 'It.',
    owners: { marketing: 'Ann', sales: 'Bob' },
    party: 'marketing',
    every: { period, zone: 'Europe/Berlin' },
    promise: { count: { event: ['handoff.accepted'] }, at_least: 1 },
  }
  const { from, to } = periodAt(policy, Date.parse(at))
  return [from, to].map((instant) => new Date(instant).toISOString())
}

describe('row 27: the period of a promise', () => {
  it('begins and ends at midnight of its zone, a week on Monday', () => {
    expect(of('week', '2026-07-15T10:00Z')).toEqual(['2026-07-12T22:00:00.000Z', '2026-07-19T22:00:00.000Z'])
    expect(of('quarter', '2026-07-15T10:00Z')).toEqual(['2026-06-30T22:00:00.000Z', '2026-09-30T22:00:00.000Z'])
  })

  it('holds its first instant, and its end belongs to the next', () => {
    expect(of('month', '2026-06-30T21:59:59.999Z')[1]).toBe('2026-06-30T22:00:00.000Z')
    expect(of('month', '2026-06-30T22:00:00Z')[0]).toBe('2026-06-30T22:00:00.000Z')
  })

  it('is longer or shorter by an hour where clocks change', () => {
    expect(of('week', '2026-03-25T10:00Z')).toEqual(['2026-03-22T23:00:00.000Z', '2026-03-29T22:00:00.000Z'])
    expect(of('week', '2026-10-21T10:00Z')).toEqual(['2026-10-18T22:00:00.000Z', '2026-10-25T23:00:00.000Z'])
  })
})
