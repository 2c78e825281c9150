import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canonicalHash, difference, dimsId, journalHash, lineKey, lineOrder, type Entry, type Line } from './line.js'

const line = (rest: Partial<Line> = {}): Line => ({
  measure: 'touch',
  amount: 1,
  occurred: 1000,
  subject: { kind: 'visitor', id: 'v1' },
  dims: { channel: 'search', campaign: 'c1' },
  ...rest,
})
const entry = (rest: Partial<Entry> = {}): Entry => ({
  ...line(),
  cause: { topic: 'touchpoints', partition: 0, position: 1 },
  ordinal: 0,
  recorded: 2000,
  ...rest,
})

describe('the difference of two lists of lines', () => {
  it('adds up equal lines, whatever the order of their dimensions', () => {
    expect(difference([], [line(), line({ dims: { campaign: 'c1', channel: 'search' } })])).toEqual([
      line({ amount: 2 }),
    ])
  })

  it('leaves out what both have and what comes to nothing', () => {
    expect(difference([line(), line({ stage: 'a' })], [line({ stage: 'a' })])).toEqual([line({ amount: -1 })])
    expect(difference([], [line({ amount: 0 })])).toEqual([])
    expect(difference([], [line(), line({ amount: -1 })])).toEqual([])
  })
})

describe('the order of lines', () => {
  const text = fc.constantFrom('a', 'ab', 'a b', 'a!', 'a"', 'a\\', '', 'é', 'a,', '\n')
  const instant = fc.constantFrom(-1, 0, 9, 10, 99, 1e12, 1.5e12, 1e13)
  const some = fc.record({
    measure: fc.constantFrom<Line['measure']>('touch', 'deal.won', 'deal.won.standing'),
    amount: fc.integer(),
    currency: fc.option(fc.constantFrom('EUR', 'USD'), { nil: undefined }),
    occurred: instant,
    cohort: fc.option(instant, { nil: undefined }),
    elapsed: fc.option(instant, { nil: undefined }),
    subject: fc.record({ kind: fc.constantFrom<Line['subject']['kind']>('lead', 'deal'), id: text }),
    stage: fc.option(text, { nil: undefined }),
    dims: fc.dictionary(text, text, { maxKeys: 2 }),
  }) as fc.Arbitrary<Line>

  it('is that of their keys', () => {
    fc.assert(
      fc.property(some, some, fc.boolean(), (a, other, near) => {
        const b = near ? ({ ...a, stage: other.stage, subject: other.subject, dims: other.dims } as Line) : other
        const [first, second] = [lineKey(a), lineKey(b)]
        expect(Math.sign(lineOrder(a, b))).toBe(first < second ? -1 : first > second ? 1 : 0)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('the hash of lines', () => {
  it('does not depend on their order or grouping', () => {
    const lines = [line(), line({ stage: 'a' }), line()]
    expect(canonicalHash(lines)).toBe(canonicalHash([line({ amount: 2 }), line({ stage: 'a' })].toReversed()))
  })

  it.each<Partial<Line>>([
    { measure: 'deal.won' },
    { amount: 2 },
    { currency: 'USD' },
    { occurred: 1001 },
    { cohort: 1 },
    { elapsed: 0 },
    { subject: { kind: 'lead', id: 'v1' } },
    { stage: '' },
    { dims: {} },
  ])('changes with %o', (change) => {
    expect(canonicalHash([line(change)])).not.toBe(canonicalHash([line()]))
  })
})

describe('the hash of a journal', () => {
  it('leaves out ordinals and pairs that cancel out', () => {
    const noise = [entry({ stage: 'x' }), entry({ stage: 'x', amount: -1 })]
    expect(journalHash([entry({ ordinal: 3 }), ...noise])).toBe(journalHash([entry()]))
  })

  it('changes with the cause and with when it became known', () => {
    expect(journalHash([entry({ recorded: 2001 })])).not.toBe(journalHash([entry()]))
    expect(journalHash([entry({ cause: { topic: 'touchpoints', partition: 0, position: 2 } })])).not.toBe(
      journalHash([entry()]),
    )
  })
})

describe('the id of a set of dimension values', () => {
  it('is the same for ever', () => {
    // first 8 bytes of SHA-256('{}') = 44136fa355b3678a…, and of {"channel":"search"}
    expect(dimsId({})).toBe(0x44136fa355b3678an)
  })

  it('depends on the values and not on their order', () => {
    expect(dimsId({ a: '1', b: '2' })).toBe(dimsId({ b: '2', a: '1' }))
    expect(dimsId({ a: '' })).not.toBe(dimsId({}))
  })
})
