import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { addressOf, advance, derivedId, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { takeBatch } from './batch.js'
import { memoryKeep } from './memory-keep.js'
import type { Reactor } from './reactor.js'
import { steps } from './steps.js'

/** Says what happens in the order in which it does. A lead that is engaged is called no more. */
const calling: Reactor<number, string> = {
  name: 'calling',
  keysOf: () => ['said'],
  react: ({ event, recorded }, turn) => {
    turn.set('said', (turn.get('said') ?? 0) + 1)
    turn.command('hear', `${turn.get('said')}: heard of ${event.partitionkey} at ${recorded}`)
    turn.cancel(event.partitionkey)
  },
  due: ({ id, due }, turn) => {
    turn.set('said', (turn.get('said') ?? 0) + 1)
    turn.command('call', `${turn.get('said')}: call ${id} of ${due}`)
  },
}
const engaged = (recorded: Instant, lead: string, position: number): Recorded<FunnelEvent> => ({
  ...addressOf('lead', 'one'),
  position,
  version: position,
  recorded,
  event: {
    specversion: '1.0',
    id: derivedId('calling', position),
    source: '/test',
    type: 'lead.engaged',
    dataschema: 'lead.engaged:1',
    time: new Date(recorded).toISOString(),
    partitionkey: lead,
    data: { lead, kind: 'reply' },
  },
})

const NOTHING = { states: new Map(), armed: new Map(), gone: new Set<string>(), intents: [], fired: [] }
const byNumber = (a: string, b: string) => Number(a.split(':')[0]) - Number(b.split(':')[0])

/** Takes records with timers that are due at these instants, as `steps` would at once, and gives what is kept then. */
async function takenLikeAtOnce(dues: readonly Instant[], records: readonly Recorded<FunnelEvent>[]) {
  const cause = { id: derivedId('calling', 'start') }
  const timers = dues.map((due, i) => ({ id: `t${i}`, due, cause, data: null }))
  const whole = steps(calling, { records, w: 20, timers, kept: new Map() })

  const keep = memoryKeep<number>()
  await keep.save({ ...NOTHING, armed: new Map(timers.map((timer) => [timer.id, timer])) }, {}, 0)
  const said: string[] = []
  const execute = async ({ command }: { command: string }) => {
    said.push(command)
    return 'done' as const
  }
  const positions = advance({}, records)
  const took = await takeBatch({ reactor: calling, keep, execute }, { events: records, positions, w: 20 })

  expect(said.toSorted(byNumber)).toEqual(whole.intents.map(({ command }) => command))
  expect(took).toMatchObject({ events: records.length, fired: whole.fired })
  expect(keep.place).toMatchObject({ positions, w: 20 })
  expect(await keep.dueBy(20, 1)).toEqual([])
  return keep
}

describe('a batch', () => {
  it('with more timers than may fire at once says in portions what it would say at once, and is at its end then', async () => {
    const instants = fc.integer({ min: 1, max: 20 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(instants, { minLength: 1001, maxLength: 2600 }),
        fc.array(fc.tuple(instants, fc.nat(2000)), { maxLength: 30 }),
        async (dues, heard) => {
          const records = heard
            .toSorted(([a], [b]) => a - b)
            .map(([recorded, lead], i) => engaged(recorded, `t${lead}`, i + 1))
          const { place } = await takenLikeAtOnce(dues, records)
          expect(place.fold).toBeGreaterThan(2)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('with more events than are taken at once, also of one instant, says what it would say at once, and saves as it comes on', async () => {
    const instants = fc.integer({ min: 1, max: 5 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(instants, { minLength: 1001, maxLength: 2600 }),
        fc.array(instants, { maxLength: 30 }),
        async (heard, dues) => {
          const records = heard.toSorted((a, b) => a - b).map((at, i) => engaged(at, `t${i % 90}`, i + 1))
          const { place } = await takenLikeAtOnce(dues, records)
          expect(place.fold).toBeGreaterThan(Math.ceil(records.length / 1000))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('has what is asked for in one lane carried out in that order, whatever caused it', async () => {
    const records = Array.from({ length: 60 }, (_, i) => engaged(i + 1, `t${i % 5}`, i + 1))
    const lane = (text: string) => /of (t\d)/.exec(text)![1]!
    const done: string[] = []
    await takeBatch(
      {
        reactor: { ...calling, laneOf: lane },
        keep: memoryKeep<number>(),
        execute: async ({ command }: { command: string }) => {
          // whoever was asked for earlier takes longer
          for (let turns = 20 * (60 - Number(command.split(':')[0])); turns > 0; turns--) await Promise.resolve()
          done.push(command)
          return 'done'
        },
      },
      { events: records, positions: advance({}, records), w: 60 },
    )
    expect(done).toHaveLength(60)
    for (const said of Map.groupBy(done, lane).values()) {
      const order = said.map((text) => Number(text.split(':')[0]))
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    }
  })
})
