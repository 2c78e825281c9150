import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { addressOf, derivedId, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { isTimer, type Reactor, type Timer } from './reactor.js'
import { steps } from './steps.js'

/** Rings a lead's bell `data.owner.length` ms after it was captured, unless it is engaged before. */
const bell: Reactor<number, string> = {
  name: 'bell',
  keysOf: (step) => [isTimer(step) ? step.id : step.event.partitionkey],
  react: ({ event, recorded }, turn) => {
    if (event.type === 'lead.captured') turn.arm(event.data.lead, recorded + (event.data.owner ?? '').length, null)
    if (event.type === 'lead.engaged') turn.cancel(event.data.lead)
  },
  due: ({ id }, turn) => {
    turn.set(id, (turn.get(id) ?? 0) + 1)
    turn.command('ring', `${id} rings`)
  },
}

const at = (
  recorded: Instant,
  type: 'lead.captured' | 'lead.engaged',
  lead: string,
  wait = 0,
): Recorded<FunnelEvent> => ({
  ...addressOf('lead', lead),
  position: recorded,
  version: 1,
  recorded,
  event: {
    specversion: '1.0',
    id: derivedId(lead, recorded, type),
    source: '/test',
    type,
    dataschema: `${type}:1`,
    time: new Date(recorded).toISOString(),
    partitionkey: lead,
    data: { lead, ...(type === 'lead.captured' ? { owner: 'x'.repeat(wait) } : { kind: 'reply' }) },
  } as FunnelEvent,
})
const run = (records: readonly Recorded[], w: Instant, timers: readonly Timer[] = []) =>
  steps(bell, { records, w, timers, kept: new Map() })

describe('the steps of a reactor', () => {
  it('fires a timer before an event that was recorded after it was due, and not before one of the same instant', () => {
    const start = at(1, 'lead.captured', 'a', 10)
    expect(run([start, at(12, 'lead.engaged', 'a')], 20).intents).toHaveLength(1)
    expect(run([start, at(11, 'lead.engaged', 'a')], 20).intents).toHaveLength(0)
  })

  it('fires up to the watermark and keeps the rest', () => {
    const { intents, armed, gone } = run([at(1, 'lead.captured', 'a', 10), at(2, 'lead.captured', 'b', 10)], 11)
    expect(intents.map(({ command, at: known }) => [command, known])).toEqual([['a rings', 11]])
    expect([...armed.keys()]).toEqual(['b'])
    expect([...gone]).toEqual(['a'])
  })

  it('names the event that armed the timer as the cause, and gives each outcome a key of its own', () => {
    const start = at(1, 'lead.captured', 'a', 1)
    const [intent] = run([start], 5).intents
    expect(intent).toEqual({
      command: 'a rings',
      cause: { id: start.event.id },
      at: 2,
      key: `bell/ring/${start.event.id}/0`,
    })
  })

  it('fires overdue timers in the order in which they were due', () => {
    const timers = [5, 3, 4].map((due): Timer => ({ id: `t${due}`, due, cause: { id: 'c' }, data: null }))
    expect(run([], 10, timers).intents.map(({ command }) => command)).toEqual(['t3 rings', 't4 rings', 't5 rings'])
  })

  it('comes to the same however the log is cut into batches', () => {
    const log = fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.integer({ min: 1, max: 9 }), fc.nat(3)), {
        maxLength: 30,
      })
      .map((list) => {
        let recorded = 0
        return list.map(([lead, capture, wait, gap]) =>
          at((recorded += gap), capture ? 'lead.captured' : 'lead.engaged', lead, wait),
        )
      })
    fc.assert(
      fc.property(log, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), (records, sizes) => {
        const w = (records.at(-1)?.recorded ?? 0) + 20
        const whole = run(records, w).intents
        const pieces = []
        const timers = new Map<string, Timer>()
        for (let from = 0, i = 0; from <= records.length; i++) {
          const part = records.slice(from, (from += sizes[i % sizes.length]!))
          const next = records[from]
          const upTo = next ? next.recorded - 1 : w
          const due = [...timers.values()].filter((timer) => timer.due <= upTo)
          const { armed, gone, intents } = run(part, upTo, due)
          for (const id of gone) timers.delete(id)
          for (const [id, timer] of armed) timers.set(id, timer)
          pieces.push(...intents)
          if (!next) break
        }
        expect(pieces).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })
})
