import { describe, expect, it } from '@jest/globals'
import type { Planned } from './sla-load.js'
import { deadlinesOf, findings, percentile, type Told } from './sla-verdicts.js'

/** A lead that is captured at 0 and known at once. */
const lead = (end?: [at: number, kind?: 'reply' | 'withdrawn'], more: Partial<Planned> = {}): Planned => ({
  lead: 'l',
  gold: false,
  history: false,
  start: { id: 's', at: 0 },
  ...(end && { end: { id: 'e', at: end[0], kind: end[1] ?? 'reply' } }),
  ...more,
})
/** What is owed of its quick, steady and slow promise, due after 1, 2 and 3 seconds, when the end was recorded then. */
const owed = (planned: Planned, recorded = planned.end?.at ?? 0, upTo = 3_000_000) =>
  deadlinesOf(planned, (id) => (id === 's' ? 0 : recorded), upTo).map((one) => one.owed.slice(1).join(', '))

describe('what is owed of a deadline', () => {
  it('is a breach where nothing comes, and one verdict where something comes in time', () => {
    expect(owed(lead())).toEqual(['breached', 'breached', 'breached'])
    expect(owed(lead([500]))).toEqual(['met', 'met', 'met'])
    expect(owed(lead([500, 'withdrawn']))).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  it('is met at the very millisecond, and how late it is after that', () => {
    expect(owed(lead([2000]))).toEqual(['breached, ended stopped 1', 'met', 'met'])
    expect(owed(lead([2001, 'withdrawn']))).toEqual([
      'breached, ended cancelled 1.001',
      'breached, ended cancelled 0.001',
      'cancelled',
    ])
  })

  it('is no breach while the answer is known by the cut, and a correction after it', () => {
    expect(owed(lead([500]), 6000)).toEqual(['met', 'met', 'met'])
    expect(owed(lead([500]), 6001)).toEqual(['breached, corrected met', 'met', 'met'])
  })

  it('has a warning and what follows for gold leads', () => {
    expect(owed(lead(undefined, { gold: true }))[2]).toBe('warned 1, breached, escalated 1, reassigned')
    expect(owed(lead([2001], { gold: true }))[2]).toBe('warned 1, met')
    expect(owed(lead([2000], { gold: true }))[2]).toBe('met')
  })

  it('is told to be another one’s where the lead was given away before anything ended it', () => {
    const all = deadlinesOf(lead(undefined, { gold: true }), () => 0, 3_000_000, true).map((one) => one.owed.slice(1))
    expect(all[0]).toEqual(['breached', 'changed'])
    expect(all[2]).toEqual(['warned 1', 'breached', 'escalated 1', 'reassigned', 'changed'])
  })

  it('waits for its cut, of history for an hour', () => {
    expect(owed(lead(), 0, 6999)).toEqual(['breached', '', ''])
    expect(owed(lead([500], { history: true }))).toEqual(['historical met', 'historical met', 'historical met'])
    expect(owed(lead([1500], { history: true }))).toEqual(['', 'historical met', 'historical met'])
  })
})

describe('what was told of deadlines', () => {
  const [deadline] = deadlinesOf(lead([1500]), () => 1500, 3_000_000)
  const { clock } = deadline!
  const right: Told[] = [
    { clock, what: 'started', recorded: 1501 },
    { clock, what: 'breached', recorded: 6500 },
    { clock, what: 'ended stopped 0.5', recorded: 6500 },
  ]
  const found = (told: readonly Told[]) => {
    const all = findings([deadline!], told)
    return Object.entries(all).flatMap(([kind, { length }]) => (length ? [kind] : []))
  }

  it('is right as it is owed', () => {
    expect(found(right)).toEqual([])
  })
  it('is found early, twice, lost or wrong', () => {
    const [started, breached, ended] = right as [Told, Told, Told]
    expect(found([started, { ...breached, recorded: 6499 }, ended])).toEqual(['early'])
    expect(found([...right, breached])).toEqual(['twice'])
    expect(found([...right, { ...breached, what: 'met' }])).toEqual(['twice', 'wrong'])
    expect(found([started, breached])).toEqual(['lost'])
    expect(found([...right, { ...ended, what: 'ended stopped 0.6' }])).toEqual(['wrong'])
    expect(found([...right, { ...started, clock: 'other' }])).toEqual(['wrong'])
  })
})

it('a percentile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([51, 100, 7])
  expect(percentile([], 0.5)).toBeNaN()
})
