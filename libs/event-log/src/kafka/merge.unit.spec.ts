import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { positionOf, totalOrder, type Recorded } from '@funnel/events'
import { Shelf } from '../contract/shelf.js'
import { Lane } from './lane.js'
import { cut } from './merge.js'

const PARTITIONS = 4
const lanesAt = (place: number) =>
  Array.from({ length: PARTITIONS }, (_, partition) => new Lane({ topic: 'leads', partition }, place))

describe('merging partitions', () => {
  it('hands on the total order once, whatever arrives when, twice or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        // what becomes of each delivery: it comes, comes twice, or is lost; and when it is cut
        fc.infiniteStream(fc.record({ fate: fc.constantFrom('once', 'once', 'twice', 'lost'), cut: fc.boolean() })),
        fc.infiniteStream(fc.nat(PARTITIONS - 1)),
        async (count, fates, turns) => {
          const shelf = new Shelf()
          shelf.record(count, { partitions: PARTITIONS })
          const head = await shelf.heads()
          const lanes = lanesAt(0)
          const queues = lanes.map(({ share }) =>
            shelf.records.filter(({ partition }) => partition === share.partition),
          )
          const given: Recorded[] = []
          const take = () => {
            const { events, w } = cut(lanes, head)
            given.push(...events)
            // the watermark of a cut is true: nothing recorded up to it is still to come
            const left = shelf.records.slice(given.length)
            if (events.length) expect(left.every(({ recorded }) => recorded > w)).toBe(true)
          }
          while (queues.some(({ length }) => length)) {
            const partition = turns.next().value as number
            const record = queues[partition]?.shift()
            if (!record) continue
            const { fate, cut: now } = fates.next().value as { fate: string; cut: boolean }
            if (fate !== 'lost') lanes[partition]?.arrive(record, 0)
            if (fate === 'twice') lanes[partition]?.arrive(record, 0)
            if (now) take()
          }
          // what Kafka lost the store has
          for (let round = 0; given.length < count && round < 200; round++) {
            take()
            for (const lane of lanes) {
              const upTo = lane.holeEnd ?? positionOf(head.positions, 'leads', lane.share.partition)
              const row = (position: number) => {
                const rows = [0, 0, 0, 0]
                rows[lane.share.partition] = position
                return { leads: rows }
              }
              lane.fill(await shelf.read(row(lane.wanted - 1), row(upTo), 3))
            }
          }
          expect(given).toEqual(shelf.records)
          expect(lanes.map(({ size }) => size)).toEqual([0, 0, 0, 0])
        },
      ),
    )
  })

  it('gives nothing that an event of a slower partition could precede', async () => {
    const shelf = new Shelf()
    shelf.record(8, { partitions: PARTITIONS })
    const lanes = lanesAt(0)
    for (const record of shelf.records) if (record.partition !== 2) lanes[record.partition]?.arrive(record, 0)
    expect(cut(lanes, await shelf.heads()).events).toEqual([])
    const [first] = shelf.records.filter(({ partition }) => partition === 2)
    if (first) lanes[2]?.arrive(first, 0)
    const { events, blocked } = cut(lanes, await shelf.heads())
    expect(events).toEqual(shelf.records.filter((record) => first && totalOrder(record, first) <= 0))
    expect(blocked).toEqual([lanes[2]])
  })

  it('holds back what was recorded after the watermark', async () => {
    const shelf = new Shelf()
    shelf.record(8, { partitions: PARTITIONS })
    const before = await shelf.heads()
    shelf.record(8, { partitions: PARTITIONS })
    const lanes = lanesAt(0)
    for (const record of shelf.records) lanes[record.partition]?.arrive(record, 0)
    const { positions } = await shelf.heads()
    const { events, w } = cut(lanes, { ...before, positions, w: before.w - 1 })
    expect(w).toBe(before.w - 1)
    expect(events).toEqual(shelf.records.slice(0, 8))
  })

  it('sees a hole, and forgets it once the store has filled it', () => {
    const shelf = new Shelf()
    const all = shelf.record(5, { partitions: 1 })
    const lane = new Lane({ topic: 'leads', partition: 0 }, 0)
    for (const index of [0, 3, 4]) lane.arrive(all[index] as Recorded, 0)
    expect([lane.wanted, lane.holeEnd]).toEqual([2, 3])
    lane.fill(all.slice(1, 3))
    expect([lane.wanted, lane.holeEnd, lane.size]).toEqual([6, undefined, 5])
    expect(lane.take({ position: 5, w: Infinity, bound: undefined })).toEqual(all)
  })
})
