import { describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { waitingClocks } from './waiting.js'

describe('the count of clocks that wait', () => {
  /** A database in which a count takes so many milliseconds; each count is one more. */
  function counting(took: number) {
    const state = { now: 0, counts: 0, fails: false }
    const query = () => {
      state.now += took
      if (state.fails) return Promise.reject(new Error('down'))
      return Promise.resolve({ rows: [{ count: String(++state.counts) }] })
    }
    const waiting = waitingClocks({ query } as unknown as pg.Pool, () => state.now)
    return { state, waiting }
  }

  it('takes a hundredth of the time at most, however often it is asked for', async () => {
    const { state, waiting } = counting(500)
    expect(await waiting()).toBe(1)
    for (; state.now < 50_499; state.now++) expect(await waiting()).toBe(1)
    state.now = 50_500
    expect(await waiting()).toBe(2)
  })

  it('is made once for all who ask at once', async () => {
    const { waiting } = counting(500)
    expect(await Promise.all([waiting(), waiting()])).toEqual([1, 1])
  })

  it('is made anew after it failed', async () => {
    const { state, waiting } = counting(500)
    state.fails = true
    await expect(waiting()).rejects.toThrow('down')
    state.fails = false
    expect(await waiting()).toBe(1)
  })
})
