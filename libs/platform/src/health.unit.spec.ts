import { describe, expect, it } from '@jest/globals'
import { comesRound, Health } from './health.js'

describe('Health', () => {
  it('is ready when every check is content, and names each that is not', () => {
    const health = new Health()
    let reason: string | undefined
    health.ready('store', () => reason)
    health.ready('log', () => undefined)
    expect(health.readiness()).toEqual({ ok: true, why: {} })
    reason = 'cannot be reached'
    expect(health.readiness()).toEqual({ ok: false, why: { store: 'cannot be reached' } })
    expect(health.liveness().ok).toBe(true)
  })

  it('is live by other checks than it is ready by', () => {
    const health = new Health()
    health.live('loop', () => 'has not ticked for 60 s')
    expect([health.liveness(), health.readiness().ok]).toEqual([
      { ok: false, why: { loop: 'has not ticked for 60 s' } },
      true,
    ])
  })

  it('that stops is not ready, and still live', () => {
    const health = new Health()
    health.stop()
    expect([health.readiness().ok, health.liveness().ok, health.stopping]).toEqual([false, true, true])
  })

  it('takes a check that throws for a reason, since a broken check proves nothing', () => {
    const health = new Health()
    health.ready('store', () => {
      throw new Error('oops')
    })
    expect(health.readiness()).toEqual({ ok: false, why: { store: 'the check itself failed' } })
  })

  it('knows a loop that has not come round for more than a minute, or has not begun, as stuck', () => {
    let tick: number | undefined
    const check = comesRound(() => tick)
    expect(check()).toMatch(/^the loop has not come round for \d+ s$/)
    tick = Date.now()
    expect(check()).toBeUndefined()
    tick = Date.now() - 61_000
    expect(check()).toMatch(/6[12] s$/)
  })
})
