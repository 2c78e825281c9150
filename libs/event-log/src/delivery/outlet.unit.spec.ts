import { describe, expect, it } from '@jest/globals'
import type { Batch } from '../ports.js'
import { Outlet } from './outlet.js'

const batch = (w: number): Batch => ({ events: [], w, positions: { leads: [w] } })

describe('the outlet', () => {
  it('has two batches out at most: one with the reader and one ready', async () => {
    const outlet = new Outlet()
    const put: number[] = []
    const writing = (async () => {
      for (let w = 1; w <= 5; w++) {
        await outlet.put(batch(w))
        put.push(w)
      }
    })()
    const read: number[] = []
    for (let n = 1; n <= 5; n++) {
      const { value } = await outlet.next()
      read.push(value?.w ?? 0)
      await new Promise((resolve) => setImmediate(resolve))
      expect(put.length).toBeLessThanOrEqual(n + 1)
    }
    await writing
    expect(read).toEqual([1, 2, 3, 4, 5])
    expect(outlet.taken).toEqual({ leads: [5] })
  })

  it('drops what was ready when it fails, and tells the reader once', async () => {
    const outlet = new Outlet()
    await outlet.put(batch(1))
    outlet.fail(new Error('broken'))
    await expect(outlet.next()).rejects.toThrow('broken')
    expect(await outlet.next()).toEqual({ done: true, value: undefined })
    await outlet.put(batch(2))
    expect(await outlet.next()).toEqual({ done: true, value: undefined })
  })

  it('ends a reader that waits, and lets go a writer that waits', async () => {
    const waiting = new Outlet()
    const next = waiting.next()
    waiting.end()
    expect(await next).toEqual({ done: true, value: undefined })
    const full = new Outlet()
    await full.put(batch(1))
    const blocked = full.put(batch(2))
    full.end()
    await blocked
    expect(full.taken).toBeUndefined()
  })

  it('is quiet when the reader has asked for more than there is', async () => {
    const outlet = new Outlet()
    let quiet = false
    const becoming = outlet.quiet().then(() => (quiet = true))
    await outlet.put(batch(1))
    await outlet.next()
    expect(quiet).toBe(false)
    const next = outlet.next()
    await becoming
    expect(quiet).toBe(true)
    outlet.end()
    await next
  })
})
