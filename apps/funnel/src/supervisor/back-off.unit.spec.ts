import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { afterEnd } from './back-off.js'

const crash = { code: 1, signal: null }

describe('after a service has ended', () => {
  it('waits twice as long each time, never longer than ten seconds', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) => afterEnd(failures, crash, true))
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000].map((wait) => ({ wait })))
  })

  it('gives up after eight failures in a row, and says how the last one went', () => {
    expect(afterEnd(8, { code: null, signal: 'SIGSEGV' }, true)).toEqual({
      gaveUp: 'it ended 8 times in a row, the last time by SIGSEGV',
    })
  })

  it('gives up sooner on one that never was ready', () => {
    expect(afterEnd(2, crash, false)).toEqual({ wait: 400 })
    expect(afterEnd(3, crash, false)).toEqual({ gaveUp: 'it ended 3 times in a row, the last time with exit code 1' })
  })

  it('gives up at once on a wrong configuration', () => {
    expect(afterEnd(1, { code: 78, signal: null }, true)).toEqual({ gaveUp: 'its configuration is wrong' })
  })

  it('always decides: a wait within bounds or a reason', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.boolean(), (failures, everReady) => {
        const decision = afterEnd(failures, crash, everReady)
        return 'wait' in decision ? decision.wait >= 200 && decision.wait <= 10_000 : decision.gaveUp.length > 0
      }),
    )
  })
})
