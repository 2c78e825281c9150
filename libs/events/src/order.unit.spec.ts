import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Recorded } from './envelope.js'
import { isFuture, occurredAt } from './envelope.js'
import { advance, covers, distance, positionOf, totalOrder } from './order.js'
import { topicNames, topics } from './topics.js'

const event = {
  specversion: '1.0',
  id: '',
  source: '',
  type: '',
  dataschema: '',
  time: '',
  partitionkey: '',
  data: {},
} as const
const record = fc.constantFrom(...topicNames).chain((topic) =>
  fc.record({
    topic: fc.constant(topic),
    partition: fc.nat({ max: topics[topic].partitions - 1 }),
    position: fc.integer({ min: 1, max: 20 }),
    recorded: fc.nat({ max: 5 }),
    stream: fc.constant('lead-1'),
    version: fc.constant(1),
    event: fc.constant(event),
  }),
)
const records = fc.array(record, { maxLength: 30 })

describe('Positions', () => {
  it('advance to the greatest of each partition, in whatever order records come', () => {
    fc.assert(
      fc.property(records, records, (a, b) => {
        const all = advance({}, [...a, ...b])
        expect(advance(advance({}, b), a)).toEqual(all)
        for (const { topic, partition } of a) {
          const same = [...a, ...b].filter((other) => other.topic === topic && other.partition === partition)
          expect(positionOf(all, topic, partition)).toBe(Math.max(...same.map(({ position }) => position)))
        }
      }),
    )
  })

  it('do not change what they advance from', () => {
    const from = { leads: [1] }
    expect(advance(from, [{ topic: 'leads', partition: 0, position: 9 }]).leads?.[0]).toBe(9)
    expect(from).toEqual({ leads: [1] })
  })

  it('cover others exactly when nothing lies between, and then are nowhere behind', () => {
    fc.assert(
      fc.property(records, records, (a, b) => {
        const [one, two] = [advance({}, a), advance({}, b)]
        expect(covers(one, two)).toBe(distance(one, two) === 0)
        const both = advance(one, b)
        expect(covers(both, one) && covers(both, two)).toBe(true)
      }),
    )
  })

  it('know how many events lie between', () => {
    expect(distance({ leads: [3, 5], deals: [9] }, { leads: [4, 2, 7], sla: [1] })).toBe(1 + 7 + 1)
    expect(positionOf({}, 'leads', 3)).toBe(0)
  })
})

describe('The total order', () => {
  it('is by recorded, topic number, partition and position, and total', () => {
    fc.assert(
      fc.property(record, record, record, (a, b, c) => {
        const key = ({ recorded, topic, partition, position }: Recorded) => [
          recorded,
          topics[topic].id,
          partition,
          position,
        ]
        const [x, y] = [key(a), key(b)]
        const differing = x.findIndex((part, i) => part !== y[i])
        expect(Math.sign(totalOrder(a, b))).toBe(differing < 0 ? 0 : Math.sign(x[differing]! - y[differing]!))
        if (totalOrder(a, b) <= 0 && totalOrder(b, c) <= 0) expect(totalOrder(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('The time of an event', () => {
  const at = (time: string, recorded: string): Recorded => ({
    topic: 'leads',
    partition: 0,
    position: 1,
    stream: 'lead-1',
    version: 1,
    recorded: Date.parse(recorded),
    event: { ...event, time },
  })

  it('is what the producer says, up to five minutes ahead of the record', () => {
    const tolerated = at('2026-01-01T00:05:00.000Z', '2026-01-01T00:00:00Z')
    expect([occurredAt(tolerated), isFuture(tolerated)]).toEqual([Date.parse('2026-01-01T00:05:00Z'), false])
  })

  it('is when it was recorded, flagged, where it claims to lie further ahead', () => {
    const future = at('2026-01-01T00:05:00.001Z', '2026-01-01T00:00:00Z')
    expect([occurredAt(future), isFuture(future)]).toEqual([future.recorded, true])
  })
})
