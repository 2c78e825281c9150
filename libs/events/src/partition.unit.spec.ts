import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { murmur2, partitionOf } from './partition.js'
import { addressOf, topicById, topicByName, topicNames, topicOf, topics } from './topics.js'

describe('murmur2', () => {
  // the vectors of org.apache.kafka.common.utils.UtilsTest
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("hashes %s as Kafka's own clients do", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })
})

describe('A key', () => {
  it('has one partition for ever', () => {
    const keys = ['v-1', 'lead-42', 'd-1', '', 'ü', '😀', 'x'.repeat(200)]
    expect(keys.map((key) => partitionOf(key, 16))).toEqual([1, 15, 3, 9, 10, 1, 13])
  })

  it('lies within the partitions there are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
        const partition = partitionOf(key, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      }),
    )
  })

  it('of a category has one address', () => {
    expect(addressOf('lead', '42')).toEqual({ stream: 'lead-42', topic: 'leads', partition: partitionOf('42', 16) })
    expect(addressOf('definition', 'kpis')).toEqual({ stream: 'definition-kpis', topic: 'definitions', partition: 0 })
    expect(topicOf('visitor')).toBe('touchpoints')
  })
})

describe('Topics', () => {
  it('are found by the number and by the name that is stored, which never change', () => {
    expect(topicNames.map((topic) => [topics[topic].id, topics[topic].name, topics[topic].partitions])).toEqual([
      [1, 'funnel.touchpoints.v1', 16],
      [2, 'funnel.leads.v1', 16],
      [3, 'funnel.deals.v1', 16],
      [4, 'funnel.people.v1', 16],
      [5, 'funnel.sla.v1', 16],
      [6, 'funnel.definitions.v1', 1],
    ])
    for (const topic of topicNames) {
      expect(topicById(topics[topic].id)).toBe(topic)
      expect(topicByName(topics[topic].name)).toBe(topic)
    }
    expect(() => topicById(0)).toThrow(RangeError)
    expect(() => topicById(7)).toThrow(RangeError)
    expect(topicByName('other')).toBeUndefined()
  })
})
