import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { inForce, type Applied, type AppliedHistory } from './in-force.js'

const version = (version: number, recorded: number, effective = recorded, definition = 'funnel/funnel'): Applied => ({
  definition,
  version,
  effective,
  recorded,
  hash: '',
  content: {},
})
const at = (history: AppliedHistory, instant: number) => inForce(history, 'funnel/funnel', instant)?.version

describe('The version in force', () => {
  it('(row 8) is the one of then: a change leaves the past alone, and both stay answerable', () => {
    const history = { applied: [version(1, 10), version(2, 50, 100)], firstBusiness: 20 }
    expect([0, 60, 99, 100, 500].map((instant) => at(history, instant))).toEqual([1, 1, 1, 2, 2])
  })

  it('reaches back to the beginning of time where it was set up before the first business event', () => {
    const history = { applied: [version(1, 10), version(2, 12)], firstBusiness: 20 }
    expect([Number.MIN_SAFE_INTEGER, 5, 100].map((instant) => at(history, instant))).toEqual([2, 2, 2])
    expect(at({ applied: [version(1, 10, 1000)], firstBusiness: 20 }, 0)).toBe(1)
  })

  it('that was set up for later, after another, comes when it was said to', () => {
    const history = { applied: [version(1, 10), version(2, 12, 100)], firstBusiness: 20 }
    expect([0, 99, 100].map((instant) => at(history, instant))).toEqual([1, 1, 2])
    expect(at({ applied: history.applied }, 99)).toBe(1)
  })

  it('is the one dated last of those that were set up and due by the first business event, though an earlier date came after it', () => {
    const history = { applied: [version(1, 10), version(2, 12, 100), version(3, 14)], firstBusiness: 120 }
    expect([0, 50, 100, 500].map((instant) => at(history, instant))).toEqual([2, 2, 2, 2])
    // as it was on that day before there was any business
    expect([50, 99, 100].map((instant) => at({ applied: history.applied }, instant))).toEqual([3, 3, 2])
    const early = { ...history, firstBusiness: 50 }
    expect([0, 50, 99, 100].map((instant) => at(early, instant))).toEqual([3, 3, 3, 2])
  })

  it('is none before the first one, where that came after business had begun', () => {
    expect([0, 30, 31].map((instant) => at({ applied: [version(1, 30)], firstBusiness: 20 }, instant))).toEqual([
      undefined,
      undefined,
      1,
    ])
  })

  it('is the highest of those with one date, and one that is dated earlier counts until the later one', () => {
    const history = { applied: [version(1, 10), version(2, 30, 100), version(3, 40, 60), version(4, 50, 100)] }
    expect([50, 70, 100].map((instant) => at({ ...history, firstBusiness: 20 }, instant))).toEqual([1, 3, 4])
  })

  it('is of this definition alone', () => {
    expect(inForce({ applied: [version(1, 10, 10, 'kpi/leads')] }, 'funnel/funnel', 50)).toBeUndefined()
  })

  /** Two definitions and business events in one total order; `e` is the index of a business event. */
  const log = fc
    .array(
      fc.record({
        wait: fc.nat({ max: 3 }),
        what: fc.constantFrom('a', 'b', 'business', 'business'),
        ahead: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
        ago: fc.nat({ max: 20 }),
      }),
      { minLength: 1, maxLength: 25 },
    )
    .map((steps) => {
      let now = 100
      const versions: Record<string, number> = {}
      return steps
        .map(({ wait, what, ahead, ago }) => {
          now += wait
          versions[what] = (versions[what] ?? 0) + 1
          return what === 'business'
            ? { recorded: now, occurred: now - ago }
            : { recorded: now, applied: version(versions[what], now, now + ahead, what) }
        })
        .toSorted((a, b) => a.recorded - b.recorded || ('applied' in a ? 1 : 0) - ('applied' in b ? 1 : 0))
    })
  type Log = typeof log extends fc.Arbitrary<infer Steps> ? Steps : never
  const historyOf = (steps: Log): AppliedHistory => ({
    applied: steps.flatMap((step) => ('applied' in step ? [step.applied] : [])),
    firstBusiness: steps.find((step) => !('applied' in step))?.recorded,
  })

  it('of what was recorded is never changed by what comes later: the log cut at an event says the same of it', () => {
    fc.assert(
      fc.property(log, (steps) => {
        const all = historyOf(steps)
        for (const [i, step] of steps.entries()) {
          if (!('occurred' in step)) continue
          const instant = Math.min(step.occurred, step.recorded)
          const then = historyOf(steps.slice(0, i + 1))
          for (const definition of ['a', 'b'])
            expect(inForce(all, definition, instant)).toEqual(inForce(then, definition, instant))
        }
      }),
    )
  })

  it('never goes back as time goes on, but to a version that was dated later', () => {
    fc.assert(
      fc.property(log, (steps) => {
        const history = historyOf(steps)
        for (let instant = 0; instant < 200; instant++) {
          const [before, after] = [inForce(history, 'a', instant), inForce(history, 'a', instant + 1)]
          if (before) expect(after).toBeDefined()
          if (before && after && after.version < before.version)
            expect(after.effective).toBeGreaterThan(before.effective)
        }
      }),
    )
  })
})
