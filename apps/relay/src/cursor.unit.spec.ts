import { describe, expect, it } from '@jest/globals'
import { naming, type PublishedEnd } from '@funnel/event-log'
import type { Head } from '@funnel/events'
import { Cursor } from './cursor.js'

const head = (leads: number[]): Head => ({ w: 0, positions: { leads }, epoch: 'ours' })
const names = naming('staging.')
const end = (partition: number, position: number, more: Partial<PublishedEnd> = {}): PublishedEnd => ({
  topic: 'leads',
  partition,
  position,
  low: 0,
  high: position,
  epochs: new Set(position ? ['ours'] : []),
  ...more,
})

describe('the cursor of the relay', () => {
  it('is where the topics end, and at 0 where a partition is empty', () => {
    const cursor = Cursor.from([end(0, 5), end(1, 0)], head([9, 9]), names)
    expect(cursor.positions.leads?.slice(0, 2)).toEqual([5, 0])
  })

  it('is at 0 where a partition that was made anew begins with what came next, and where not if it has expired', () => {
    // the relay that published it was killed before it took in at which offset
    const cursor = Cursor.from(
      [end(0, 105, { high: 5 }), end(1, 105, { low: 100, high: 120 })],
      head([200, 200]),
      names,
    )
    expect(cursor.positions.leads?.slice(0, 2)).toEqual([0, 105])
    expect(() => Cursor.from([end(0, 105, { high: 5 })], head([9]), names)).toThrow(/has position 105/)
  })

  it('is refused on topics that another store wrote, or that are ahead of this one', () => {
    expect(() => Cursor.from([end(0, 5, { epochs: new Set(['ours', 'theirs']) })], head([9]), names)).toThrow(
      /another store/,
    )
    expect(() => Cursor.from([end(0, 10)], head([9]), names)).toThrow(
      /topic staging\.funnel\.leads\.v1, partition 0, has position 10, the store only 9/,
    )
  })

  it('moves with what was acknowledged, and starts anew where a partition was made anew', () => {
    const cursor = Cursor.from([end(0, 5), end(1, 5)], head([9, 9]), names)
    const restarted = cursor.acknowledge([
      { topic: 'leads', partition: 0, offset: 5, count: 2, reached: 7 },
      { topic: 'leads', partition: 1, offset: 0, count: 2, reached: 7 },
    ])
    expect(restarted).toEqual(['staging.funnel.leads.v1/1'])
    expect(cursor.positions.leads?.slice(0, 2)).toEqual([7, 0])
    cursor.acknowledge([{ topic: 'leads', partition: 1, offset: 2, count: 7, reached: 7 }])
    expect(cursor.positions.leads?.slice(0, 2)).toEqual([7, 7])
  })

  it('tells a topic that lost records from one that let them expire', () => {
    const cursor = Cursor.from([end(0, 5)], head([9]), names)
    expect(cursor.agrees('leads', [{ low: 0, high: 5 }], { mayExpire: false })).toBe(true)
    expect(cursor.agrees('leads', [{ low: 0, high: 4 }], { mayExpire: true })).toBe(false)
    expect(cursor.agrees('leads', [], { mayExpire: true })).toBe(false)
    expect(cursor.agrees('leads', [{ low: 5, high: 5 }], { mayExpire: false })).toBe(false)
    expect(cursor.agrees('leads', [{ low: 5, high: 5 }], { mayExpire: true })).toBe(true)
  })
})
