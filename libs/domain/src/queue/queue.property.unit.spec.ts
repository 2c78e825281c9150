import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { evolved, type Happened } from '../decider.js'
import { play } from '../testing/play.js'
import { acts, asking, numRuns } from '../testing/random-acts.js'
import type { QueueCommand } from './commands.js'
import { queueDecider } from './queue.js'

const of = { queue: fc.constant('q1') }
const name = fc.constantFrom('ann', 'bob', 'cid', '__proto__')
const lead = fc.integer({ min: 1, max: 40 }).map((n) => `l${n}`)
const weight = fc.constantFrom(1, 1, 2, 3, 7, 1000)
const members = (capacity: boolean) =>
  fc.uniqueArray(
    fc.record(
      { member: name, weight, ...(capacity && { capacity: fc.integer({ min: 1, max: 4 }) }) },
      { requiredKeys: ['member', 'weight'], noNullPrototype: true },
    ),
    { selector: ({ member }) => member, maxLength: 4 },
  )
const staff = asking<QueueCommand>('queue.staff', { ...of, members: members(true) })
const assign = asking<QueueCommand>('queue.assign', { ...of, lead })
const leave = asking<QueueCommand>('queue.leave', { ...of, member: name })
const back = asking<QueueCommand>('queue.return', { ...of, member: name })
const credit = asking<QueueCommand>('queue.credit', { ...of, lead, reason: fc.constant('rejected') })
const release = asking<QueueCommand>('queue.release', { ...of, lead })
const lives = acts<QueueCommand>([
  staff,
  leave,
  back,
  back,
  credit,
  release,
  ...Array.from({ length: 6 }, () => assign),
])

describe('a queue, whatever is asked', () => {
  it('row 11: is fair at any interleaving of absence, return, capacity, credits and staffing', () => {
    let turns = 0
    fc.assert(
      fc.property(lives, (life) => {
        const told = play(queueDecider, life).flatMap(({ events }) => events)
        for (const stretch of stretches(told)) {
          turns += stretch.turns.length
          expectFair(stretch)
        }
      }),
      { numRuns },
    )
    expect(turns).toBeGreaterThan(numRuns)
  })

  it('gives to those who are there and have room, and owes a lead for each that was credited, no more', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const told = play(queueDecider, life).flatMap(({ events }) => events)
        for (const { available, turns, extra } of stretches(told))
          for (const member of [...turns, ...extra]) expect([...available.keys()]).toContain(member)
      }),
      { numRuns },
    )
  })

  it('is decided about or refused, and is after its events what it was when they were decided', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const steps = play(queueDecider, life)
        expect(
          evolved(
            queueDecider,
            steps.flatMap(({ events }) => events),
          ),
        ).toEqual(steps.at(-1)?.after ?? queueDecider.initialState)
      }),
      { numRuns },
    )
  })

  it('evolves from events in whatever order', () => {
    fc.assert(
      fc.property(
        lives.chain((life) => fc.shuffledSubarray(play(queueDecider, life).flatMap(({ events }) => events))),
        (events) => {
          for (const { open } of evolved(queueDecider, events).members.values()) expect(open).toBeGreaterThanOrEqual(0)
        },
      ),
      { numRuns },
    )
  })
})

/** Turns in succession while the same members with the same weights could take them. */
interface Stretch {
  readonly available: ReadonlyMap<string, number>
  readonly turns: string[]
  /** Leads beyond the turns, for credited ones. */
  readonly extra: string[]
}

/** Cuts what happened into stretches, by counting what the events say. */
function stretches(told: readonly Happened[]): Stretch[] {
  const staffed = new Map<string, { weight: number; capacity?: number }>()
  const away = new Set<string>()
  const owed = new Map<string, number>()
  const open = new Map<string, string>()
  const add = (member: string, n: number) => owed.set(member, (owed.get(member) ?? 0) + n)
  const available = () =>
    new Map(
      [...staffed]
        .filter(([member, { capacity }]) => {
          const has = [...open.values()].filter((other) => other === member).length
          return !away.has(member) && has < (capacity ?? Infinity)
        })
        .map(([member, { weight }]) => [member, weight]),
    )
  const found: Stretch[] = [{ available: new Map(), turns: [], extra: [] }]
  for (const event of told) {
    if (event.type === 'queue.staffed') {
      const stay = new Set(event.data.members.map(({ member }) => member).filter((member) => staffed.has(member)))
      staffed.clear()
      for (const { member, ...rest } of event.data.members) {
        staffed.set(member, rest)
        if (!stay.has(member)) {
          away.delete(member)
          owed.delete(member)
        }
      }
    } else if (event.type === 'queue.assigned') {
      const { member, lead } = event.data
      open.set(lead, member)
      if ((owed.get(member) ?? 0) > 0) {
        add(member, -1)
        found.at(-1)!.extra.push(member)
      } else found.at(-1)!.turns.push(member)
    } else if (event.type === 'queue.credited') {
      open.delete(event.data.lead)
      add(event.data.member, 1)
    } else if (event.type === 'queue.released') open.delete(event.data.lead)
    else if (event.type === 'queue.member-left') away.add(event.data.member)
    else if (event.type === 'queue.member-returned') {
      away.delete(event.data.member)
      owed.delete(event.data.member)
    }
    const now = available()
    if (event.type === 'queue.staffed' || !isSame(now, found.at(-1)!.available))
      found.push({ available: now, turns: [], extra: [] })
  }
  return found
}

const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([member, weight]) => b.get(member) === weight)

/** Of any turns in succession each member takes w·N/W, give or take at most 1 + (n − 2)·w/W; in whole numbers, times W. */
function expectFair({ available, turns }: Stretch): void {
  const total = [...available.values()].reduce((sum, weight) => sum + weight, 0)
  for (const [member, weight] of available) {
    let ahead = 0
    const seen = [0, ...turns.map((taker) => (ahead += (taker === member ? total : 0) - weight))]
    expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(total + (available.size - 2) * weight)
  }
}
