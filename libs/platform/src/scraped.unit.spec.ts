import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { Gauge, Registry } from 'prom-client'
import { scraped } from './scraped.js'

describe('a gauge that asks another process', () => {
  /** What is scraped of a gauge that asks so, beside one that knows by itself. */
  function scrape(ask: () => Promise<number>) {
    const registry = new Registry()
    const value = scraped(ask, 50)
    new Gauge({ name: 'known', help: 'Known', registers: [registry] }).set(1)
    registry.registerMetric(
      new Gauge({
        name: 'asked',
        help: 'Asked',
        registers: [],
        async collect() {
          this.set(await value())
        },
      }),
    )
    return async () => (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line))
  }

  it('leaves the page all else where the other is down, and has a value once it is up', async () => {
    let isDown = true
    const page = scrape(() => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(7)))
    expect(await page()).toEqual(['known 1', 'asked Nan'])
    isDown = false
    expect(await page()).toEqual(['known 1', 'asked 7'])
  })

  it('does not wait for one that hangs, nor ask it again before it answered', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    let asked = 0
    const page = scrape(() => (asked++ ? Promise.resolve(8) : promise))
    for (const _ of [1, 2]) expect(await page()).toEqual(['known 1', 'asked Nan'])
    expect(asked).toBe(1)
    resolve(7)
    await setImmediate()
    expect(await page()).toEqual(['known 1', 'asked 8'])
  })
})
