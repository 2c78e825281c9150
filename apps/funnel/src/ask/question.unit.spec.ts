import { describe, expect, it } from '@jest/globals'
import { Bucket } from '@funnel/query-api'
import { filtersOf, questionOf } from './question.js'

describe('the flags of a question', () => {
  it('become a question with both axes of time', () => {
    const now = Date.UTC(2026, 0, 31)
    expect(
      questionOf(
        'leads',
        { by: 'channel, owner', bucket: 'month', from: '2026-01', to: 'now', asOf: '1d', knownAt: '24h' },
        now,
      ),
    ).toEqual({
      kpi: 'leads',
      by: ['channel', 'owner'],
      bucket: Bucket.BUCKET_MONTH,
      filters: [],
      from: new Date('2026-01-01'),
      to: new Date('2026-01-31'),
      asOf: new Date('2026-01-30'),
      knownAt: new Date('2026-01-30'),
    })
  })

  it('name a bucket that does not exist', () => {
    expect(() => questionOf('leads', { bucket: 'hour' })).toThrow(/--bucket hour is unknown: use one of none, day/)
  })

  it('gather the filters of one dimension, and tell the empty value from none', () => {
    expect(filtersOf(['channel=email', 'channel=', '!channel', 'owner=a=b'])).toEqual([
      { dimension: 'channel', values: ['email', ''], none: true },
      { dimension: 'owner', values: ['a=b'], none: false },
    ])
  })

  it.each(['channel', '=x', '!', ''])('refuse the filter %j', (filter) => {
    expect(() => filtersOf([filter])).toThrow(/is not understood/)
  })
})
