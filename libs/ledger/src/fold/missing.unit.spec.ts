import { describe, expect, it } from '@jest/globals'
import { derivedId } from '@funnel/events'
import { missing } from './missing.js'
import { NodeMap, type NodeState, type PersonState } from './state.js'
import { nodeId } from './testing/drive.js'
import { day, on } from './testing/told.js'
import { recordedLog } from './testing/recorded-log.js'

const identified = (person: string) =>
  recordedLog([
    { ...on(1, 'visitor.identified', { visitor: 'v', person }), id: derivedId('missing'), recorded: day(2) },
  ])
const person = (key: string, about: Partial<PersonState> = {}) =>
  [nodeId({ kind: 'person', key }), { kind: 'person', touches: [], leads: [], ...about }] as const

/** The keys of all that is asked for, in rounds, where the store has these nodes. */
function rounds(nodes: readonly (readonly [string, NodeState])[], of: string): string[][] {
  const stored = new Map(nodes)
  const loaded = new NodeMap<NodeState | null>()
  const all: string[][] = []
  for (let next = missing(loaded, identified(of)); next.refs.length; next = missing(loaded, next.records)) {
    all.push(next.refs.map(({ key }) => key).toSorted())
    for (const ref of next.refs) loaded.set(ref, stored.get(nodeId(ref)) ?? null)
  }
  return all
}

const absorbed = (person: string) => ({ person, touches: [] })

describe('what must be loaded for a person', () => {
  it('is itself and its leads where nothing was merged', () => {
    expect(rounds([person('p', { leads: ['l'] })], 'p')).toEqual([['p', 'v'], ['l']])
  })

  it('is also the person that still counts one of the leads, for an id between them is parked', () => {
    const lead = [
      nodeId({ kind: 'lead', key: 'l' }),
      { kind: 'lead', facts: [], won: {}, deals: [], person: 'old' },
    ] as const
    expect(
      rounds([person('p', { leads: ['l'] }), lead], 'p')
        .flat()
        .toSorted(),
    ).toEqual(['l', 'old', 'p', 'v'])
  })

  it('is, where ids were merged, the way up to the root and all below that', () => {
    const merged = [
      person('root', { leads: ['l0'], absorbed: [absorbed('a'), absorbed('b')] }),
      person('a', { into: 'root', leads: ['l1'] }),
      person('b', { into: 'root', leads: ['l2'] }),
    ]
    expect(rounds(merged, 'a').flat().toSorted()).toEqual(['a', 'b', 'l0', 'l1', 'l2', 'root', 'v'])
  })

  it('ends also where a parked id still lists one that it has lost', () => {
    const circle = [
      person('a', { into: 'root', absorbed: [absorbed('p')], parked: 'a bug' }),
      person('p', { absorbed: [absorbed('root')] }),
      person('root', { into: 'p', absorbed: [absorbed('a')] }),
    ]
    expect(rounds(circle, 'a').flat().toSorted()).toEqual(['a', 'p', 'root', 'v'])
  })
})
