import { describe, expect, it } from '@jest/globals'
import { evolved, type Decided, type Happened } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import { NOTE } from '../testing/reasons.js'
import type { Member, QueueCommand } from './commands.js'
import { queueDecider, queueStreams } from './queue.js'

const { given } = specOf(queueDecider)
const queue = 'q1'
const member = (member: string, weight = 1, capacity?: number): Member => ({
  member,
  weight,
  ...(capacity === undefined ? {} : { capacity }),
})
const staffed = (...members: Member[]): Decided => ({ type: 'queue.staffed', data: { queue, members } })
const assigned = (lead: string, member: string): Decided => ({ type: 'queue.assigned', data: { queue, lead, member } })
const credited = (lead: string, member: string): Decided => ({
  type: 'queue.credited',
  data: { queue, lead, member, reason: 'no-show' },
})
const released = (lead: string, member: string): Decided => ({ type: 'queue.released', data: { queue, lead, member } })
const left = (member: string): Decided => ({ type: 'queue.member-left', data: { queue, member } })
const returned = (member: string): Decided => ({ type: 'queue.member-returned', data: { queue, member } })
const staff = (...members: Member[]) => ({ type: 'queue.staff', queue, members }) as const
const assign = (lead: string) => ({ type: 'queue.assign', queue, lead }) as const
const credit = (lead: string) => ({ type: 'queue.credit', queue, lead, reason: 'no-show' }) as const
const release = (lead: string) => ({ type: 'queue.release', queue, lead }) as const
const abc = staffed(member('ann'), member('bob'), member('cid'))

/** A queue that goes on: who gets the next leads, one after the other. */
function going(...events: Decided[]) {
  let state = evolved(
    queueDecider,
    events.map((event) => ({ ...event, at: NOON })),
  )
  let leads = 0
  const give = (command: QueueCommand): Happened[] => {
    const happened = queueDecider.decide(command, state, NOON).map((event): Happened => ({ ...event, at: NOON }))
    state = happened.reduce(queueDecider.evolve, state)
    return happened
  }
  const next = (count: number): string[] =>
    Array.from({ length: count }, () => {
      const [event] = give(assign(`lead-${++leads}`))
      return event?.type === 'queue.assigned' ? event.data.member : ''
    })
  return { give, next, state: () => state }
}

describe('row 11: turns', () => {
  it('go round, in the order of names', () => {
    expect(going(abc).next(7).join(' ')).toBe('ann bob cid ann bob cid ann')
  })

  it('are taken in proportion to weights, spread evenly', () => {
    const { next } = going(staffed(member('ann', 2), member('bob'), member('cid')))
    expect(next(8).join(' ')).toBe('ann bob cid ann ann bob cid ann')
  })

  it('10,000 of them at weights 2:1:1 are within 1 of 50/25/25 %, at every step', () => {
    const { next } = going(staffed(member('ann', 2), member('bob'), member('cid')))
    const counts = { ann: 0, bob: 0, cid: 0 }
    for (const [i, name] of next(10_000).entries()) {
      counts[name as keyof typeof counts]++
      const quarter = (i + 1) / 4
      const off = [counts.ann - 2 * quarter, counts.bob - quarter, counts.cid - quarter].map(Math.abs)
      if (Math.max(...off) > 1) throw new Error(`after ${i + 1}: ${JSON.stringify(counts)}`)
    }
    expect(counts).toEqual({ ann: 5000, bob: 2500, cid: 2500 })
  })

  it('carry the rule and what led to it', () => {
    given(abc)
      .when({ ...assign('l1'), rule: 'emea', because: [NOTE] })
      .then({ type: 'queue.assigned', data: { queue, lead: 'l1', member: 'ann', rule: 'emea', because: [NOTE] } })
  })

  it('are not taken by a lead that is open already', () => {
    given(abc, assigned('l1', 'ann')).when(assign('l1')).thenNothing()
    given(abc, assigned('l1', 'ann'), released('l1', 'ann')).when(assign('l1')).then(assigned('l1', 'bob'))
  })
})

describe('row 11: who is back from leave', () => {
  it('is not flooded with what was missed', () => {
    const { give, next } = going(abc, left('cid'))
    expect(next(100).filter((name) => name === 'ann')).toHaveLength(50)
    give({ type: 'queue.return', queue, member: 'cid' })
    expect(next(6).join(' ')).toBe('ann bob cid ann bob cid')
  })

  it('is not passed over either for having been ahead of those who came back before', () => {
    const { give, next } = going(abc, left('cid'))
    next(100)
    for (const name of ['ann', 'bob']) give({ type: 'queue.leave', queue, member: name })
    for (const name of ['cid', 'ann', 'bob']) give({ type: 'queue.return', queue, member: name })
    expect(next(6).toSorted().join(' ')).toBe('ann ann bob bob cid cid')
  })

  it('is owed nothing any more', () => {
    const { give, next } = going(abc)
    next(9)
    give({ type: 'queue.leave', queue, member: 'cid' })
    for (const lead of ['lead-3', 'lead-6', 'lead-9']) give(credit(lead))
    give({ type: 'queue.return', queue, member: 'cid' })
    expect(next(3).join(' ')).toBe('ann bob cid')
  })

  it('keeps what is open', () => {
    given(staffed(member('ann', 1, 1)), assigned('l1', 'ann'), left('ann'), returned('ann'))
      .when(assign('l2'))
      .thenRefused('REJECTED', /as many open leads/)
  })
})

describe('row 11: who is new', () => {
  it('begins level with the others', () => {
    const { give, next } = going(abc)
    next(100)
    give(staff(member('ann'), member('bob'), member('cid'), member('dan', 3)))
    expect(next(12).filter((name) => name === 'dan')).toHaveLength(6)
  })

  it('or has another weight is level with the others', () => {
    const { give, next } = going(abc)
    next(99)
    give(staff(member('ann', 2), member('bob'), member('cid')))
    expect(next(8).filter((name) => name === 'ann')).toHaveLength(4)
  })

  it('was staffed before begins anew', () => {
    const { give, next } = going(abc)
    give(staff(member('ann'), member('bob')))
    next(100)
    give(staff(member('ann'), member('bob'), member('cid')))
    expect(next(6).filter((name) => name === 'cid')).toHaveLength(2)
  })
})

describe('row 11: a credit', () => {
  it('gives the member another lead sooner, one', () => {
    const { give, next } = going(abc)
    next(4)
    give(credit('lead-1'))
    expect(next(4).join(' ')).toBe('ann bob cid ann')
    give(credit('lead-2'))
    expect(next(4).join(' ')).toBe('bob bob cid ann')
  })

  it('names the member, and counts once', () => {
    given(abc, assigned('l1', 'ann')).when(credit('l1')).then(credited('l1', 'ann'))
    given(abc, assigned('l1', 'ann'), credited('l1', 'ann'))
      .when(credit('l1'))
      .thenRefused('NOT_FOUND', /not open/)
  })

  it('lets the lead be assigned again, to whoever is owed', () => {
    given(abc, assigned('l1', 'ann'), credited('l1', 'ann')).when(assign('l1')).then(assigned('l1', 'ann'))
  })

  it('makes room', () => {
    given(staffed(member('ann', 1, 1)), assigned('l1', 'ann'), credited('l1', 'ann'))
      .when(assign('l2'))
      .then(assigned('l2', 'ann'))
  })
})

describe('row 11: capacity', () => {
  const one = staffed(member('ann', 1, 1), member('bob'))

  it('counts leads that are open', () => {
    const { give, next } = going(one)
    expect(next(4).join(' ')).toBe('ann bob bob bob')
    give(release('lead-1'))
    expect(next(2).join(' ')).toBe('ann bob')
  })

  it('that is there again makes up for nothing', () => {
    const { give, next } = going(one)
    next(100)
    give(staff(member('ann'), member('bob')))
    expect(next(6).filter((name) => name === 'ann')).toHaveLength(3)
  })

  it('keeps what is owed until there is room', () => {
    const { give, next } = going(staffed(member('ann', 1, 2), member('bob')))
    expect(next(6).join(' ')).toBe('ann bob ann bob bob bob')
    give(credit('lead-1'))
    expect(next(1)).toEqual(['ann'])
    give(release('lead-3'))
    expect(next(3).join(' ')).toBe('ann bob bob')
  })
})

describe('row 11: when nobody can take a lead', () => {
  const reasonOf = (...events: Decided[]) => {
    try {
      return going(...events).give(assign('l9'))
    } catch (error) {
      return (error as { details: { reason: string } }).details.reason
    }
  }

  it('says whether nobody is there, all are away or all have enough, so that a fallback can be chosen', () => {
    given()
      .when(assign('l9'))
      .thenRefused('REJECTED', /staff it/)
    expect(reasonOf()).toBe('NOBODY_STAFFED')
    expect(reasonOf(abc, staffed())).toBe('NOBODY_STAFFED')
    expect(reasonOf(staffed(member('ann'), member('bob')), left('ann'), left('bob'))).toBe('ALL_AWAY')
    const full = [staffed(member('ann', 1, 1), member('bob')), left('bob'), assigned('l1', 'ann')]
    expect(reasonOf(...full)).toBe('ALL_FULL')
    expect(reasonOf(...full, left('ann'))).toBe('ALL_AWAY')
  })
})

describe('a queue', () => {
  it('is staffed with each member once, by whole weights and capacities', () => {
    given()
      .when(staff(member('ann', 2, 5)))
      .then(staffed(member('ann', 2, 5)))
    given()
      .when(staff(member('ann'), member('ann')))
      .thenRefused('INVALID', /named twice/)
    for (const broken of [member('ann', 0), member('ann', 0.5), member('ann', 1001), member('ann', 1, 0)])
      given()
        .when(staff(broken))
        .thenRefused('INVALID', /whole numbers/)
  })

  it('is not staffed as it is already', () => {
    given(abc)
      .when(staff(member('cid'), member('bob'), member('ann')))
      .thenNothing()
    given(abc)
      .when(staff(member('ann'), member('bob')))
      .then(staffed(member('ann'), member('bob')))
    given().when(staff()).thenNothing()
    for (const other of [member('cid', 2), member('cid', 1, 9)])
      given(abc)
        .when(staff(member('ann'), member('bob'), other))
        .then(staffed(member('ann'), member('bob'), other))
  })

  it('knows who is away', () => {
    given(abc).when({ type: 'queue.leave', queue, member: 'ann' }).then(left('ann'))
    given(abc, left('ann')).when({ type: 'queue.leave', queue, member: 'ann' }).thenNothing()
    given(abc, left('ann')).when({ type: 'queue.return', queue, member: 'ann' }).then(returned('ann'))
    given(abc).when({ type: 'queue.return', queue, member: 'ann' }).thenNothing()
    given(abc)
      .when({ type: 'queue.leave', queue, member: '__proto__' })
      .thenRefused('NOT_FOUND', /does not take leads/)
    given(abc, left('ann'), staffed(member('ann'), member('bob', 2)))
      .when(assign('l1'))
      .then(assigned('l1', 'bob'))
  })

  it('releases what is open, also of who has left', () => {
    given(abc, assigned('l1', 'ann'), staffed(member('bob')))
      .when(release('l1'))
      .then(released('l1', 'ann'))
    given(abc).when(release('l1')).thenNothing()
  })

  it('does not grow with what was assigned and released', () => {
    const { give, next, state } = going(abc)
    const size = () => state().leads.reduce((sum, part) => sum + part.size, 0)
    for (let i = 1; i <= 2000; i++) {
      next(1)
      give(release(`lead-${i}`))
    }
    expect(size()).toBe(0)
    next(10)
    expect(size()).toBe(10)
  })

  it('is one stream', () => {
    expect(queueStreams(assign('l1'))).toEqual(['queue-q1'])
  })
})
