import { createRequire } from 'node:module'
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { patchKafkajs } from './kafkajs-patch.js'

const require = createRequire(import.meta.url)

beforeAll(() => {
  patchKafkajs()
  patchKafkajs()
})

describe('the request queue of kafkajs', () => {
  interface Queue {
    readonly pending: object[]
    throttledUntil: number
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
  }
  let queue: Queue
  beforeEach(() => {
    jest.useFakeTimers()
    const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue
    queue = new RequestQueue({ maxInFlightRequests: 0, logger: { debug: () => undefined } })
  })
  afterEach(() => void jest.useRealTimers())

  it('arms no timer while nothing waits, also not when it has just looked', () => {
    queue.scheduleCheckPendingRequests()
    queue.checkPendingRequests()
    expect(jest.getTimerCount()).toBe(0)
  })

  it('looks again while a request waits, after a throttle as soon as that is over, and not for ever', () => {
    const looks = jest.spyOn(queue, 'checkPendingRequests')
    queue.pending.push({})
    queue.throttledUntil = Date.now() + 500
    queue.scheduleCheckPendingRequests()
    queue.scheduleCheckPendingRequests()
    expect(jest.getTimerCount()).toBe(1)
    jest.advanceTimersByTime(499)
    expect(looks).not.toHaveBeenCalled()
    jest.advanceTimersByTime(1)
    expect(looks).toHaveBeenCalledTimes(1)
    // none may be sent yet, so it goes on looking
    expect(jest.getTimerCount()).toBe(1)
    queue.pending.pop()
    jest.runOnlyPendingTimers()
    expect(jest.getTimerCount()).toBe(0)
  })
})

describe('the headers of a record, as kafkajs reads them', () => {
  type Headers = Record<string, Buffer | Buffer[]>
  const encode = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => { buffer: Buffer }
  const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
    decoder: object,
    context: object,
  ) => { headers: Headers }
  const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => { readVarInt(): number }
  const read = (headers: Headers): Headers => {
    const decoder = new Decoder(encode({ key: Buffer.from('k'), value: Buffer.from('v'), headers }).buffer)
    decoder.readVarInt() // the length
    return decode(decoder, { firstOffset: '0', firstTimestamp: '0' }).headers
  }

  it('keep every value of a name that is there more than once', () => {
    const [one, two, three] = ['1', '2', '3'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
    expect(read({ a: one, b: [one, two], c: [three, two, one] })).toEqual({
      a: one,
      b: [one, two],
      c: [three, two, one],
    })
  })

  it('are those that were written, whatever their names', () => {
    const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array))
    const name = fc
      .oneof(fc.string({ minLength: 1 }), fc.constantFrom('constructor', 'toString'))
      .filter((some) => some !== '__proto__')
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, bytes), { selector: ([one]) => one, maxLength: 16 }), (headers) => {
        const written = Object.fromEntries(headers)
        expect(new Map(Object.entries(read(written)))).toEqual(new Map(Object.entries(written)))
      }),
    )
  })
})
