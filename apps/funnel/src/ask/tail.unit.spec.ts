import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { positionOf, topicNames, totalOrder, type Envelope, type Recorded } from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import { follow } from './tail.js'

const record = (topic: 'leads' | 'deals', partition: number, position: number, recorded: number): Recorded => ({
  topic,
  partition,
  position,
  stream: 's',
  version: position,
  recorded,
  event: { id: `${topic}-${partition}-${position}` } as Envelope,
})

/** A log of which a growing part is visible. */
function tailOf(log: readonly Recorded[], visible: () => number): EventTail {
  return {
    heads: () => {
      const rows: Record<string, number[]> = Object.fromEntries(topicNames.map((topic) => [topic, Array(16).fill(0)]))
      for (const { topic, partition, position } of log.slice(0, visible())) rows[topic]![partition] = position
      return Promise.resolve({ w: 0, positions: rows, epoch: 'e' })
    },
    read: (after, upTo, limit) =>
      Promise.resolve(
        log
          .filter(
            ({ topic, partition, position }) =>
              position > positionOf(after, topic, partition) && position <= positionOf(upTo, topic, partition),
          )
          .slice(0, limit),
      ),
  }
}

const logs = fc
  .array(fc.tuple(fc.constantFrom('leads' as const, 'deals' as const), fc.integer({ min: 0, max: 2 })), {
    maxLength: 60,
  })
  .map((places) => {
    const next = new Map<string, number>()
    return places
      .map(([topic, partition], i) => {
        const position = (next.get(`${topic}${partition}`) ?? 0) + 1
        next.set(`${topic}${partition}`, position)
        return record(topic, partition, position, i)
      })
      .toSorted(totalOrder)
  })

describe('the tail', () => {
  it('begins with the last events of the log, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.integer({ min: 0, max: 70 }), async (log, last) => {
        const seen: Recorded[] = []
        const tail = tailOf(log, () => log.length)
        for await (const one of follow(tail, last, false, new AbortController().signal)) seen.push(one)
        expect(seen).toEqual(last ? log.slice(-last) : [])
      }),
    )
  })

  it('goes on with what comes, nothing twice and nothing left out', async () => {
    const log = Array.from({ length: 40 }, (_, i) =>
      record(i % 3 ? 'leads' : 'deals', 0, Math.floor(i / 3) * (i % 3 ? 2 : 1) + (i % 3 || 1), i),
    )
    let visible = 10
    const stop = new AbortController()
    const seen: Recorded[] = []
    for await (const one of follow(
      tailOf(log, () => visible),
      5,
      true,
      stop.signal,
    )) {
      seen.push(one)
      if (seen.length === 5) visible = 25
      if (seen.length === 20) visible = 40
      if (seen.length === 35) stop.abort()
    }
    expect(seen.map(({ event }) => event.id)).toEqual(log.slice(5).map(({ event }) => event.id))
  })
})
