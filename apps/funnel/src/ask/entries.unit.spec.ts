import { expect, it } from '@jest/globals'
import { Entry, Side } from '@funnel/query-api'
import { entryTable } from './entries.js'

it('entries of both sides of a ratio say which side they count for', () => {
  const entries = [Side.SIDE_NUMERATOR, Side.SIDE_DENOMINATOR].map((side) =>
    Entry.fromPartial({ side, measure: 'deal-won', subjectKind: 'deal', subject: 'deal-1' }),
  )
  expect(entryTable(entries, true).split('\n')).toEqual([
    expect.stringMatching(/amount +side +measure/),
    expect.stringMatching(/ numerator +deal-won/),
    expect.stringMatching(/ denominator +deal-won/),
  ])
  expect(entryTable(entries)).not.toContain('side')
})
