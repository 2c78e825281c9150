import { describe, expect, it } from '@jest/globals'
import { personDecider, personStreams, type PersonCommand } from '@funnel/domain'
import { handle } from './command-handler.js'
import { memoryEventStore } from './memory/memory-event-store.js'

describe('two merges at the same time', () => {
  const setUp = () => {
    const store = memoryEventStore()
    const ask = (key: string, command: PersonCommand) =>
      handle(store, { decider: personDecider, command, streams: personStreams(command), source: '/test', key })
    const typesOf = async (person: string) => (await store.read(`person-${person}`)).map(({ event }) => event.type)
    return { ask, typesOf }
  }
  const merge = (person: string, absorbed: string): PersonCommand => ({ type: 'person.merge', person, absorbed })

  it('of one pair, the one way and the other: one wins, the other is told into whom its id went', async () => {
    const { ask, typesOf } = setUp()
    const results = await Promise.allSettled([ask('1', merge('a', 'b')), ask('2', merge('b', 'a'))])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const [lost] = results.filter(({ status }) => status === 'rejected')
    const won = (await typesOf('a')).includes('person.merged') ? ['a', 'b'] : ['b', 'a']
    expect(lost).toMatchObject({ reason: { code: 'REJECTED', details: { person: won[1], into: won[0] } } })
    expect(await typesOf(won[0]!)).toEqual(['person.merged'])
    expect(await typesOf(won[1]!)).toEqual(['person.absorbed'])
  })

  it('in a ring of three leave one person', async () => {
    const { ask, typesOf } = setUp()
    const results = await Promise.allSettled([
      ask('1', merge('a', 'b')),
      ask('2', merge('b', 'c')),
      ask('3', merge('c', 'a')),
    ])
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    const all = await Promise.all(['a', 'b', 'c'].map(typesOf))
    expect(all.some((types) => !types.includes('person.absorbed'))).toBe(true)
  })

  it('of one pair, the same way: it is merged once', async () => {
    const { ask, typesOf } = setUp()
    const results = await Promise.all([ask('1', merge('a', 'b')), ask('2', merge('a', 'b'))])
    expect(results.map(({ events }) => events.length).toSorted()).toEqual([0, 2])
    expect(await typesOf('a')).toEqual(['person.merged'])
    expect(await typesOf('b')).toEqual(['person.absorbed'])
  })
})
