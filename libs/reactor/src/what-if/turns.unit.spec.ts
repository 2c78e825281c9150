import { describe, expect, it } from '@jest/globals'
import type { Queue } from '@funnel/definitions'
import type { FunnelEvent } from '@funnel/events'
import { definition } from '../sla/testing/world.js'
import { Turns } from './turns.js'

const queue = (id: string, ...members: Queue['members']): Queue => ({ ...definition(id), members })
const inbound = queue('inbound', { member: 'sam', weight: 1 }, { member: 'sue', weight: 1 })
const outbound = queue('outbound', { member: 'sam', weight: 1 }, { member: 'tom', weight: 1 })
const event = (type: FunnelEvent['type'], data: object) => ({ type, data }) as never

/** Queues of which the log has the first, as its definition says. */
function queues(all: readonly Queue[] = [inbound, outbound], anew: readonly string[] = [], from = 0): Turns {
  const turns = new Turns(all, new Set(anew), from)
  turns.happened(event('queue.staffed', { queue: 'inbound', members: inbound.members }), 0)
  return turns
}
/** A lead was given to somebody, and would be to whose turn it is in a queue. */
function given(turns: Turns, lead: string, member: string, instead = 'inbound'): string | undefined {
  turns.happened(event('queue.assigned', { queue: 'inbound', lead, member }), 1)
  return turns.assign(instead, lead, 1)
}

describe('row N15: turns in queues as they would be', () => {
  it('are those of the log, where leads come to the same queues', () => {
    const turns = queues()
    expect(given(turns, 'a', 'sam')).toBe('sam')
    expect(given(turns, 'b', 'sue')).toBe('sue')
    turns.happened(event('queue.credited', { queue: 'inbound', lead: 'b', member: 'sue', reason: 'rejected' }), 2)
    expect(given(turns, 'c', 'sue')).toBe('sue')
    expect(given(turns, 'd', 'sam')).toBe('sam')
  })

  it('of a queue that nothing came to are taken by who is named in its definition, but who is on leave elsewhere', () => {
    const turns = queues()
    expect(given(turns, 'a', 'sam', 'outbound')).toBe('sam')
    turns.happened(event('queue.member-left', { queue: 'inbound', member: 'sam' }), 1)
    expect(given(turns, 'b', 'sue', 'outbound')).toBe('tom')
    expect(given(turns, 'c', 'sue', 'outbound')).toBe('tom')
    turns.happened(event('queue.member-returned', { queue: 'inbound', member: 'sam' }), 2)
    expect(['d', 'e'].map((lead) => given(turns, lead, 'sam', 'outbound'))).toContain('sam')
  })

  it('of a draft are taken by its members from its beginning on, whatever the log says of them', () => {
    const alone = queue('inbound', { member: 'sue', weight: 1, capacity: 1 })
    const turns = queues([alone], ['inbound'], 1)
    turns.happened(event('queue.assigned', { queue: 'inbound', lead: 'a', member: 'sam' }), 0)
    turns.keep(event('queue.assigned', { queue: 'inbound', lead: 'a', member: 'sam' }), 0)
    turns.happened(event('queue.staffed', { queue: 'inbound', members: inbound.members }), 1)
    expect(given(turns, 'b', 'sue')).toBe('sue')
    expect(given(turns, 'c', 'sam')).toBeUndefined()
  })

  it('are with who has the lead, where it would come to the same queue again', () => {
    const turns = queues()
    expect(given(turns, 'a', 'sam')).toBe('sam')
    expect(turns.assign('inbound', 'a', 2)).toBe('sam')
    expect(turns.assign('inbound', 'b', 3)).toBe('sue')
  })

  it('make room in the queue that a lead was in before when the log does, as when somebody of the next one took it', () => {
    const one = (id: string, member: string) => queue(id, { member, weight: 1, capacity: 1 })
    const turns = queues([one('first', 'ann'), one('second', 'bob')], ['first', 'second'])
    expect(given(turns, 'a', 'sam', 'first')).toBe('ann')
    turns.happened(event('queue.assigned', { queue: 'outbound', lead: 'a', member: 'tom' }), 2)
    expect(turns.assign('second', 'a', 2)).toBe('bob')
    expect(turns.assign('first', 'b', 2)).toBeUndefined()
    turns.happened(event('queue.released', { queue: 'inbound', lead: 'a', member: 'sam' }), 3)
    expect(turns.assign('first', 'b', 3)).toBe('ann')
    expect(turns.assign('second', 'c', 3)).toBeUndefined()
    turns.happened(event('queue.released', { queue: 'outbound', lead: 'a', member: 'tom' }), 4)
    expect(turns.assign('second', 'c', 4)).toBe('bob')
  })

  it('make room when the lead is done with, whether a queue tells so or, as it was in none, its end does', () => {
    const turns = queues([queue('inbound', { member: 'sue', weight: 1, capacity: 1 })], ['inbound'])
    expect(given(turns, 'a', 'sam')).toBe('sue')
    // the queue will tell
    turns.ended(event('lead.disqualified', { lead: 'a' }), 2)
    expect(given(turns, 'b', 'sam')).toBeUndefined()
    turns.happened(event('queue.released', { queue: 'inbound', lead: 'a', member: 'sam' }), 3)
    // nobody could take it when it came
    expect(turns.assign('inbound', 'c', 4)).toBe('sue')
    expect(turns.assign('inbound', 'd', 4)).toBeUndefined()
    turns.ended(event('handoff.expired', { lead: 'c', handoff: 'h' }), 5)
    expect(turns.assign('inbound', 'd', 6)).toBe('sue')
  })
})
