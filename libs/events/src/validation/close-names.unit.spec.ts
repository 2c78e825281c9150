import { describe, expect, it } from '@jest/globals'
import { closeNames } from './close-names.js'

const names = ['deal.won', 'deal.lost', 'lead.captured']

describe('the names that a misspelt one may be meant for', () => {
  it('are told by the first hundred characters of a long one', () => {
    // two letters too many are close, three are not
    const lettersAfter = (length: number) => `${'deal.won'.padEnd(length, '-')}xxx`
    expect(closeNames(lettersAfter(97), names)).toEqual([])
    expect(closeNames(lettersAfter(98), names)).toEqual(['deal.won'])
    expect(closeNames(`${'deal.won'.padEnd(100, '-')}${'x'.repeat(10_000)}`, names)).toEqual(['deal.won'])
  })
})
