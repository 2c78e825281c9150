import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { validateEvent } from '@funnel/events'
import { busyTimes } from './calendar.js'
import { founded, step, type Company, type DemoEvent } from './simulation.js'

const FROM = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

function run(company: Company, steps: number, calm = 0.45): DemoEvent[] {
  const times = busyTimes(FROM, FROM + 90 * DAY, company.steps + steps)
  return times.slice(company.steps).flatMap((time) => step(company, time, calm))
}

describe('the demo company', () => {
  it('does the same again from the same seed, and something else from another', () => {
    expect(run(founded('a', 7), 500)).toEqual(run(founded('a', 7), 500))
    expect(run(founded('a', 8), 500)).not.toEqual(run(founded('a', 7), 500))
  })

  it('goes on from where it was saved as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, stop) => {
        const times = busyTimes(FROM, FROM + DAY, 400)
        const play = (company: Company, from: number, to: number) =>
          times.slice(from, to).flatMap((time) => step(company, time, 0.3))
        const whole = founded('a', seed)
        const first = founded('a', seed)
        const events = play(first, 0, stop)
        const second = JSON.parse(JSON.stringify(first)) as Company
        expect([...events, ...play(second, stop, 400)]).toEqual(play(whole, 0, 400))
      }),
      { numRuns: 20 },
    )
  })

  it('says only what the published language knows, each event under an id of its own', () => {
    const events = run(founded('a', 1), 3000)
    for (const event of events)
      expect(validateEvent(event, { source: '/demo', receivedAt: 0 })).toMatchObject({ ok: true })
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(
      new Set(run(founded('b', 1), 100).map(({ id }) => id)).isDisjointFrom(new Set(events.map(({ id }) => id))),
    ).toBe(true)
  })

  it('has a believable funnel: every kind of event, fewer at each step, more deals lost than won', () => {
    const events = run(founded('a', 3), 5000)
    const count = (type: string) => events.filter((event) => event.type === type).length
    const [touches, leads, opened, won, lost] = [
      'touchpoint.recorded',
      'lead.captured',
      'deal.opened',
      'deal.won',
      'deal.lost',
    ].map(count)
    expect(touches).toBeGreaterThan(leads! * 2)
    expect(leads).toBeGreaterThan(opened! * 2)
    expect(opened).toBeGreaterThan(won! * 1.5)
    expect(lost).toBeGreaterThan(won!)
    expect(won).toBeGreaterThan(20)
    expect(count('deal.reopened')).toBeGreaterThan(0)
    expect(count('deal.amount-changed')).toBeGreaterThan(0)
  })

  it('stays small, however long it goes on', () => {
    const company = founded('a', 5)
    run(company, 20_000, 0.2)
    expect(JSON.stringify(company).length).toBeLessThan(100_000)
  })
})

describe('the calendar', () => {
  it('gives instants in order, within the period, more of them by day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 120 }), (count, days) => {
        const times = busyTimes(FROM, FROM + days * DAY, count)
        expect(times).toHaveLength(count)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        expect(times[0]!).toBeGreaterThanOrEqual(FROM)
        expect(times.at(-1)!).toBeLessThan(FROM + days * DAY)
      }),
    )
    const hours = busyTimes(FROM, FROM + 28 * DAY, 4000).map((time) => new Date(time).getUTCHours())
    expect(hours.filter((hour) => hour >= 7 && hour < 19).length).toBeGreaterThan(2800)
  })
})
