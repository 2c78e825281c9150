import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { validateEvent } from '@funnel/events'
import type { Act } from './act.js'
import { DAY } from './calendar.js'
import { founded, inCompany, nextAt, onPlatform, setPace } from './company.js'
import type { Company } from './state.js'
import { noticeRefusal } from './notice.js'
import { step } from './step.js'

const MONDAY = Date.UTC(2026, 8, 7)
const company = (seed = 1, name = 'a') => founded({ name, seed, at: MONDAY })

function live(one: Company, steps: number): Act[] {
  return Array.from({ length: steps }, () => step(one)).flat()
}
const events = (acts: readonly Act[]) => acts.flatMap((act) => (act.kind === 'event' ? [act.event] : []))

describe('the demo company', () => {
  it('does the same again from the same seed, and something else from another', () => {
    expect(live(company(7), 500)).toEqual(live(company(7), 500))
    expect(live(company(8), 500)).not.toEqual(live(company(7), 500))
  })

  it('goes on from where it was saved as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, stop) => {
        const first = company(seed)
        const acts = live(first, stop)
        const second = JSON.parse(JSON.stringify(first)) as Company
        expect([...acts, ...live(second, 400 - stop)]).toEqual(live(company(seed), 400))
      }),
      { numRuns: 20 },
    )
  })

  it('says only what the published language knows, each event under an id of its own', () => {
    const said = events(live(company(), 5000))
    for (const event of said)
      expect(validateEvent(event, { source: 'demo', receivedAt: 0 })).toMatchObject({
        ok: true,
        event: { id: event.id },
      })
    expect(new Set(said.map(({ id }) => id)).size).toBe(said.length)
    const others = events(live(company(1, 'b'), 200)).map(({ id }) => id)
    expect(new Set(others).isDisjointFrom(new Set(said.map(({ id }) => id)))).toBe(true)
  })

  it('does one thing after the other, and tells of nothing that is still to come', () => {
    const one = company(2)
    let before = MONDAY
    for (let i = 0; i < 5000; i++) {
      const at = nextAt(one)
      expect(at).toBeGreaterThanOrEqual(before)
      before = at
      for (const act of step(one)) {
        expect(act.at).toBe(at)
        if (act.kind === 'event') expect(Date.parse(act.event.time)).toBeLessThanOrEqual(at)
      }
    }
  })

  it('stays small, however long it goes on', () => {
    const one = company(5)
    const sizes = Array.from({ length: 4 }, () => {
      const end = one.now + 90 * DAY
      while (nextAt(one) < end) step(one)
      return JSON.stringify(one).length
    })
    expect(Math.max(...sizes)).toBeLessThan(150_000)
    expect(sizes.at(-1)).toBeLessThan(1.5 * sizes[1]!)
  })

  it('leaves alone what it was refused', () => {
    const one = company(3)
    live(one, 3000)
    const [lead] = Object.keys(one.leads)
    noticeRefusal(one, { type: 'lead.advance', lead: lead!, stage: 'sql' })
    expect(one.leads[lead!]).toBeUndefined()
    live(one, 3000)
  })

  it('lives faster than the platform where it is told to, on from where it stands', () => {
    const one = company(4)
    live(one, 100)
    const later = MONDAY + 30 * DAY
    const next = one.plans.at(-1)!.at - one.now
    setPace(one, later, 1000)
    expect(nextAt(one)).toBe(Math.ceil(later + next / 1000))
    expect(inCompany(one, later + 1000)).toBe(one.now + 1_000_000)
    expect(onPlatform(one, one.now)).toBe(later)
  })
})
