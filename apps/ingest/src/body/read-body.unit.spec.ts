import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { createBudget } from './budget.js'
import { readBody } from './read-body.js'

const LIMIT = 10_000
const chunks = (body: Buffer, size = 1000) =>
  Readable.from(
    Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, i * size + size)),
  )
const read = (body: Buffer, { gzip = false, declared = undefined as number | undefined, budget = 1e6 } = {}) =>
  readBody(chunks(body), declared, { bytes: LIMIT, gzip }, createBudget(budget).share('/site'))

describe('A body', () => {
  it('is read whole, as it is or inflated', async () => {
    const body = Buffer.from('é'.repeat(4000))
    expect((await read(body)).equals(body)).toBe(true)
    expect((await read(gzipSync(body), { gzip: true })).equals(body)).toBe(true)
  })

  it('is refused beyond the limit, whether it says so or not', async () => {
    const body = Buffer.alloc(LIMIT + 1, 'a')
    await expect(read(body)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(read(Buffer.alloc(1), { declared: LIMIT + 1 })).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(await read(body.subarray(1))).toHaveLength(LIMIT)
  })

  it('that is a bomb is stopped as it passes the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(9_000_000))
    expect(bomb.length).toBeLessThan(LIMIT)
    await expect(read(bomb, { gzip: true })).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('of more than one part is read whole, and is refused where one would be left out', async () => {
    const [one, two] = ['[1]', '[2]'].map((text) => gzipSync(Buffer.from(text))) as [Buffer, Buffer]
    const long = gzipSync(Buffer.from(' '.repeat(LIMIT - 6)))
    expect(String(await read(Buffer.concat([one, two]), { gzip: true }))).toBe('[1][2]')
    expect(await read(Buffer.concat([one, long, two]), { gzip: true })).toHaveLength(LIMIT)
    expect(String(await read(Buffer.concat([one, Buffer.alloc(8)]), { gzip: true }))).toBe('[1]')
    await expect(read(Buffer.concat([one, Buffer.alloc(1), two]), { gzip: true })).rejects.toMatchObject({
      code: 'INVALID',
    })
  })

  it('that is small holds no more of the budget than it needs, packed or not', async () => {
    // each packed one held what the largest may have, and others were turned away for it
    const body = Buffer.from('{"type":"lead.captured"}')
    const packed = gzipSync(body)
    expect(await read(packed, { gzip: true, budget: body.length + packed.length })).toEqual(body)
    // it says less than it holds
    packed.writeUInt32LE(1, packed.length - 4)
    await expect(read(packed, { gzip: true })).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('that is no gzip, or cut off, is the sender’s mistake', async () => {
    await expect(read(Buffer.from('{}'), { gzip: true })).rejects.toMatchObject({ code: 'INVALID' })
    await expect(read(gzipSync(Buffer.from('{"a":1}')).subarray(0, 15), { gzip: true })).rejects.toMatchObject({
      code: 'INVALID',
    })
    const broken = new Readable({
      read() {
        this.destroy(new Error('aborted'))
      },
    })
    await expect(
      readBody(broken, undefined, { bytes: LIMIT, gzip: false }, createBudget(1e6).share('/site')),
    ).rejects.toMatchObject({ code: 'INVALID' })
  })

  it('takes no more than its budget', async () => {
    await expect(read(Buffer.alloc(5000), { budget: 4500 })).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfter: 1 },
    })
  })
})

describe('The budget', () => {
  it('holds shares until they are released, once', () => {
    const budget = createBudget(100)
    const [one, two] = [budget.share('/site'), budget.share('/shop')]
    one.hold(60)
    two.hold(40)
    expect(() => two.hold(1)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
    one.release()
    one.release()
    expect(budget.used).toBe(40)
    two.hold(60)
    two.release()
    expect(budget.used).toBe(0)
  })

  it('is not for one source alone: beyond its part that one is told to come back, and others find room', () => {
    const budget = createBudget(100, 25)
    const [one, more, other] = [budget.share('/site'), budget.share('/site'), budget.share('/shop')]
    one.hold(20)
    more.hold(5)
    const overloaded = expect.objectContaining({ code: 'OVERLOADED', details: { retryAfter: 1 } })
    expect(() => more.hold(1)).toThrow(overloaded)
    other.hold(25)
    expect(() => other.hold(1)).toThrow(overloaded)
    one.release()
    more.hold(20)
    expect(budget.used).toBe(50)
  })
})
