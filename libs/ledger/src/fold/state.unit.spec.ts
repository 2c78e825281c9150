import { describe, expect, it } from '@jest/globals'
import { NodeMap, type NodeRef } from './state.js'

const ref = (kind: NodeRef['kind'], key: string): NodeRef => ({ kind, key })

describe('a map of nodes', () => {
  it('tells nodes of one key and different kinds apart, and keeps what was set last', () => {
    const map = new NodeMap<number>()
    map.set(ref('lead', 'a'), 1)
    map.set(ref('deal', 'a'), 2)
    map.set(ref('lead', 'a'), 3)
    expect([map.get(ref('lead', 'a')), map.get(ref('deal', 'a')), map.get(ref('person', 'a'))]).toEqual([
      3,
      2,
      undefined,
    ])
    expect([map.size, map.values()]).toEqual([2, [3, 2]])
  })

  it('forgets half of each kind, those first that came first', () => {
    const map = new NodeMap<string>()
    for (const key of ['a', 'b', 'c', 'd', 'e']) map.set(ref('visitor', key), key)
    map.set(ref('lead', 'f'), 'f')
    map.set(ref('clock', 'g'), 'g')
    map.set(ref('clock', 'h'), 'h')
    map.halve()
    expect(map.values()).toEqual(['d', 'e', 'h'])
    map.halve()
    map.halve()
    expect(map.size).toBe(0)
  })
})
