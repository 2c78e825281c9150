import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { style } from '../cli/style.js'
import { widthOf } from '../cli/table.js'
import type { Snapshot } from './gauge.js'
import { plainLine } from './plain.js'
import { createRate } from './rate.js'
import { cut, duration, render } from './render.js'

const snapshot: Snapshot = {
  workspace: 'demo',
  upFor: 187_000,
  perSecond: 2.71,
  events: 6851,
  lag: 0,
  watermarkAge: 120,
  kpis: [
    { title: 'Leads', value: '707' },
    { title: 'Win rate', value: '41.139 %' },
  ],
  last: [{ recorded: Date.UTC(2026, 0, 1, 9, 30), type: 'deal.won', subject: 'deal-7', note: 'USD 1,000' }],
  services: [
    { name: 'ingest', state: 'ready', restarts: 0 },
    { name: 'query', state: 'failed', restarts: 3, why: 'its configuration is wrong' },
  ],
}
const plain = (_: unknown, text: string) => text

describe('the panel', () => {
  it('shows the flow, the KPIs, the last events and who is not well, and why', () => {
    const text = render(snapshot, 100, plain).join('\n')
    for (const part of [
      'demo',
      '3 m 07 s',
      '2.7 events/s',
      '6,851 events',
      'lag 0',
      'watermark 0.1 s',
      '41.139 %',
      '09:30:00',
      'deal-7',
    ])
      expect(text).toContain(part)
    expect(text).toContain('query (failed, restarts 3)')
    expect(text).toContain('query: its configuration is wrong')
  })

  it('says so when store or query do not answer', () => {
    const { perSecond: _, lag: __, watermarkAge: ___, ...rest } = snapshot
    const text = render(rest, 100, plain).join('\n')
    expect(text).toContain('store not reached')
    expect(text).toContain('lag —')
    expect(plainLine(rest)).toContain('store not reached')
  })

  it('keeps type, subject and note of an event apart, however long they are', () => {
    const last = [
      { recorded: 0, type: 'person.consent-recorded', subject: 'person-712', note: 'email' },
      { recorded: 0, type: 'lead.conversion-reversed', subject: 'lead-of-a-long-name', note: 'by hand' },
    ]
    const text = render({ ...snapshot, last }, 100, plain).join('\n')
    expect(text).toMatch(/person\.consent-recorded {2,}person-712 {2,}email/)
    expect(text).toMatch(/lead\.conversion-reversed {2}lead-of-a-long-name {2}by hand/)
  })

  it('is never wider than the terminal and does not change its height with the events', () => {
    const heights = new Set<number>()
    fc.assert(
      fc.property(fc.integer({ min: 42, max: 200 }), fc.integer({ min: 0, max: 6 }), (columns, events) => {
        const last = Array.from({ length: events }, () => ({
          recorded: 0,
          type: 'x'.repeat(60),
          subject: 'y'.repeat(60),
          note: '',
        }))
        const lines = render({ ...snapshot, last }, columns, plain)
        heights.add(lines.length)
        return lines.every((line) => widthOf(line) <= columns)
      }),
    )
    expect(heights.size).toBe(1)
  })

  it('cuts what is seen and leaves colours whole', () => {
    expect(cut('abcdef', 4)).toBe('abc…\u001B[0m')
    const red = '\u001B[31mabcdef\u001B[39m'
    expect(cut(red, 6)).toBe(red)
    expect(cut(red, 4)).toBe('\u001B[31mabc…\u001B[0m')
  })

  it('has no colours where there is no terminal', () => {
    expect(style('red', 'x', new PassThrough() as unknown as NodeJS.WriteStream)).toBe('x')
  })

  it('writes durations', () => {
    expect([5, 65, 3725, 90_061].map((seconds) => duration(seconds * 1000))).toEqual([
      '5 s',
      '1 m 05 s',
      '1 h 02 m',
      '1 d 01 h',
    ])
  })
})

describe('the rate', () => {
  it('is that of the last ten seconds', () => {
    const rate = createRate()
    expect(rate(0, 1000)).toBe(0)
    expect(rate(1000, 1005)).toBe(5)
    for (let second = 2; second <= 30; second++) rate(second * 1000, 1005)
    expect(rate(31_000, 1005)).toBe(0)
    expect(rate(32_000, 1105)).toBe(10)
  })
})
