import { describe, expect, it } from '@jest/globals'
import type { OutgoingRecord } from './client.js'
import { publishAll } from './publisher.js'

const record = (partition: number, value: string): OutgoingRecord => ({
  topic: 't',
  partition,
  key: 'k',
  value,
  headers: {},
  timestamp: 0,
})
const records = [record(0, 'a'), record(1, 'b'), record(0, 'c'), record(2, 'd')]

/** A producer whose answers name only these partitions. */
const producer = (...answers: number[][]) => {
  const sent: string[][] = []
  return {
    sent,
    send: (some: readonly OutgoingRecord[]) => {
      sent.push(some.map(({ value }) => value))
      return Promise.resolve((answers.shift() ?? []).map((partition) => ({ topic: 't', partition, offset: 0 })))
    },
  }
}

describe('publishing', () => {
  it('is done when the answer names every partition', async () => {
    const all = producer([0, 1, 2])
    expect(await publishAll(all, records)).toHaveLength(3)
    expect(all.sent).toHaveLength(1)
  })

  it('sends again, in order, the partitions that no answer has named', async () => {
    const partly = producer([1], [], [2], [0])
    await publishAll(partly, records)
    expect(partly.sent).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'c', 'd'],
      ['a', 'c', 'd'],
      ['a', 'c'],
    ])
  })

  it('gives up loudly when partitions are never named', async () => {
    await expect(publishAll(producer([0, 1]), records)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { missing: ['t/2'] },
    })
  })
})
