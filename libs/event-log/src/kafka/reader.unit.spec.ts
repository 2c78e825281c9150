import { describe, expect, it, jest } from '@jest/globals'
import type { Positions } from '@funnel/events'
import { Shelf } from '../contract/shelf.js'
import { Bell } from '../delivery/bell.js'
import { Outlet } from '../delivery/outlet.js'
import type { KafkaConsumer } from './client.js'
import { naming } from './naming.js'
import { Reader, type ReaderOptions } from './reader.js'
import { encode } from './record.js'

const consumer = () => ({
  pause: jest.fn<KafkaConsumer['pause']>(),
  resume: jest.fn<KafkaConsumer['resume']>(),
  seek: jest.fn<KafkaConsumer['seek']>(),
  commit: jest.fn<KafkaConsumer['commit']>(() => Promise.resolve()),
  close: () => Promise.resolve(),
})

const setUp = (options: Partial<ReaderOptions> = {}, place: Positions = {}) => {
  const shelf = new Shelf()
  const outlet = new Outlet()
  const reader = new Reader({
    tail: shelf,
    options: {
      batchSize: 10,
      laneCapacity: 10,
      patience: 60_000,
      storeLag: 1000,
      silence: 60_000,
      ...options,
    },
    outlet,
    bell: new Bell(),
    place: () => Promise.resolve(place),
    whole: [],
    naming: naming(),
    endsOf: () => Promise.resolve([{ low: 3, high: 20 }]),
    setAside: () => undefined,
  })
  const deliver = (count: number) =>
    reader.records(
      'funnel.leads.v1',
      0,
      shelf.records.slice(0, count).map((record, index) => {
        const { headers, value } = encode(record, shelf.epoch)
        return { offset: 100 + index, key: null, value: Buffer.from(value), headers }
      }),
    )
  return { shelf, outlet, reader, deliver }
}
const partition = { topic: 'funnel.leads.v1', partition: 0 }

describe('the reader of Kafka', () => {
  it('notices a consumer that has silently stopped while there is something to read', async () => {
    const { shelf, reader } = setUp({ silence: 50 })
    shelf.record(3, { partitions: 1 })
    reader.assigned([partition])
    await expect(reader.run(consumer())).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { lag: 3 } })
  })

  it('tells why the consumer has ended', async () => {
    const { reader } = setUp()
    reader.failed(new Error('The group coordinator is not available'))
    await expect(reader.run(consumer())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('The group coordinator is not available'),
    })
  })

  it('lets a consumer be silent that has nothing to read', async () => {
    const { outlet, reader } = setUp({ silence: 50 })
    reader.assigned([partition])
    const running = reader.run(consumer())
    const { value } = await outlet.next()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(value?.events).toEqual([])
    reader.stop()
    await running
  })

  it('begins to fetch near the place and never outside of what there is', async () => {
    for (const [place, offset] of [
      [0, 3],
      [5, 5],
      [40, 20],
    ] as const) {
      const { shelf, outlet, reader } = setUp({}, { leads: [place] })
      shelf.record(50, { partitions: 1 })
      const kafka = consumer()
      reader.assigned([partition])
      const running = reader.run(kafka)
      await reader.records('funnel.leads.v1', 0, [])
      expect(kafka.seek).toHaveBeenCalledWith(partition, offset)
      reader.stop()
      outlet.end()
      await running
    }
  })

  it('fetches a partition again that was paused when it was assigned anew, as kafkajs keeps it paused', async () => {
    const { shelf, outlet, reader, deliver } = setUp({ laneCapacity: 4 })
    shelf.record(4, { partitions: 1 })
    const kafka = consumer()
    const idle = new Promise<void>((resolve) => kafka.seek.mockImplementation(() => resolve()))
    reader.assigned([partition])
    const running = reader.run(kafka)
    await idle
    await deliver(4)
    expect(kafka.pause).toHaveBeenCalledWith([partition])
    kafka.resume.mockClear()
    reader.assigned([partition])
    await reader.records('funnel.leads.v1', 0, [])
    expect(kafka.resume).toHaveBeenCalledWith([partition])
    reader.stop()
    outlet.end()
    await running
  })

  it('tells Kafka how far the consumer is, as the offset after what it has committed', async () => {
    const { shelf, outlet, reader, deliver } = setUp()
    shelf.record(4, { partitions: 1 })
    const kafka = consumer()
    reader.assigned([partition])
    const running = reader.run(kafka)
    await deliver(4)
    const { value } = await outlet.next()
    expect(value?.events).toHaveLength(4)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    reader.hint({ leads: [3] })
    expect(kafka.commit).not.toHaveBeenCalled()
    await new Promise((resolve) => setTimeout(resolve, 1100))
    reader.hint({ leads: [4] })
    expect(kafka.commit).toHaveBeenCalledWith([{ ...partition, offset: 104 }])
    reader.stop()
    outlet.end()
    await running
  })
})
