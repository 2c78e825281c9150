import { describe, expect, it } from '@jest/globals'
import type { Decided } from '../decider.js'
import { specOf } from '../testing/given.js'
import { personDecider, personStreams } from './person.js'

const { given } = specOf(personDecider)
const because = ['0198c0de-0000-7000-8000-000000000001']
const merged = (person: string, absorbed: string): Decided[] => [
  { type: 'person.merged', data: { person, absorbed } },
  { type: 'person.absorbed', data: { person: absorbed, into: person } },
]
const unmerged = (person: string, absorbed: string): Decided[] => [
  { type: 'person.unmerged', data: { person, absorbed } },
  { type: 'person.released', data: { person: absorbed, from: person } },
]
const merge = (person: string, absorbed: string) => ({ type: 'person.merge', person, absorbed }) as const
const unmerge = (person: string, absorbed: string) => ({ type: 'person.unmerge', person, absorbed }) as const
const erased: Decided = { type: 'person.erased', data: { person: 'a' } }
const matched = (account: string): Decided => ({
  type: 'person.account-matched',
  data: { person: 'a', account, rule: 'domain', ruleVersion: 1, fields: ['domain'] },
})
const match = (account: string) =>
  ({ type: 'person.match-account', person: 'a', account, rule: 'domain', ruleVersion: 1, fields: ['domain'] }) as const

describe('a merge (row 29)', () => {
  it('is told in the streams of both, with what led to it', () => {
    given()
      .when({ ...merge('a', 'b'), because })
      .then(
        { type: 'person.merged', data: { person: 'a', absorbed: 'b', because } },
        { type: 'person.absorbed', data: { person: 'b', into: 'a', because } },
      )
    expect(personStreams(merge('a', 'b'))).toEqual(['person-a', 'person-b'])
  })

  it('of a pair that stands merged is nothing to do', () => {
    given(...merged('a', 'b'))
      .when(merge('a', 'b'))
      .then()
  })

  it('of a person with itself is impossible', () => {
    given()
      .when(merge('a', 'a'))
      .thenRefused('INVALID', /a cannot absorb itself/)
  })

  it('of an id that is absorbed is refused, and so is one into it', () => {
    given(...merged('a', 'b'))
      .when(merge('c', 'b'))
      .thenRefused('REJECTED', /b is absorbed into a/)
    given(...merged('a', 'b'))
      .when(merge('b', 'c'))
      .thenRefused('REJECTED', /b is absorbed into a/)
  })

  it('the other way round is refused while it stands', () => {
    given(...merged('a', 'b'))
      .when(merge('b', 'a'))
      .thenRefused('REJECTED', /b is absorbed into a/)
  })

  it('that is refused says into whom the id went', () => {
    const state = merged('a', 'b')
      .map((event) => ({ ...event, at: 0 }))
      .reduce(personDecider.evolve, personDecider.initialState)
    for (const command of [merge('c', 'b'), merge('b', 'c'), unmerge('c', 'b')])
      expect(() => personDecider.decide(command, state, 0)).toThrow(
        expect.objectContaining({ details: { person: 'b', into: 'a' } }),
      )
  })

  it('of a person that has absorbed others is one like any other', () => {
    given(...merged('b', 'c'))
      .when(merge('a', 'b'))
      .then(...merged('a', 'b'))
  })
})

describe('an un-merge (rows 29, N9)', () => {
  it('takes back a merge that stands, and says why in the streams of both', () => {
    given(...merged('a', 'b'))
      .when({ ...unmerge('a', 'b'), reason: 'two people' })
      .then(
        { type: 'person.unmerged', data: { person: 'a', absorbed: 'b', reason: 'two people' } },
        { type: 'person.released', data: { person: 'b', from: 'a', reason: 'two people' } },
      )
    expect(personStreams(unmerge('a', 'b'))).toEqual(['person-a', 'person-b'])
  })

  it('is refused where nothing is to be taken back', () => {
    given()
      .when(unmerge('a', 'b'))
      .thenRefused('REJECTED', /b is not absorbed into a$/)
    given(...merged('a', 'b'))
      .when(unmerge('b', 'a'))
      .thenRefused('REJECTED', /a is not absorbed into b$/)
    given(...merged('a', 'b'), ...unmerged('a', 'b'))
      .when(unmerge('a', 'b'))
      .thenRefused('REJECTED', /b is not absorbed into a$/)
  })

  it('leaves the pair free to merge again, either way', () => {
    for (const [person, absorbed] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const)
      given(...merged('a', 'b'), ...unmerged('a', 'b'))
        .when(merge(person, absorbed))
        .then(...merged(person, absorbed))
  })

  it('takes an id out of the middle with what it has absorbed', () => {
    given(...merged('b', 'c'), ...merged('a', 'b'))
      .when(unmerge('a', 'b'))
      .then(...unmerged('a', 'b'))
  })
})

describe('the company of a person (row 12)', () => {
  it('is told with the rule and the fields that matched', () => {
    given()
      .when({ ...match('acme'), because })
      .then({
        type: 'person.account-matched',
        data: { person: 'a', account: 'acme', rule: 'domain', ruleVersion: 1, fields: ['domain'], because },
      })
    expect(personStreams(match('acme'))).toEqual(['person-a'])
  })

  it('is told again when it is another, and only then', () => {
    given(matched('acme')).when(match('acme')).then()
    given(matched('acme')).when(match('umbrella')).then(matched('umbrella'))
  })
})

describe('a person', () => {
  it('is erased once', () => {
    given().when({ type: 'person.erase', person: 'a' }).then(erased)
    given(erased).when({ type: 'person.erase', person: 'a' }).then()
  })

  it('is un-merged also after it was erased', () => {
    given(...merged('b', 'a'), erased)
      .when(unmerge('b', 'a'))
      .then(...unmerged('b', 'a'))
  })
})
