import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { occurredAt } from '@funnel/events'
import type { Decider } from '@funnel/domain'
import { commandHandlerContract } from './command-handler.contract.js'
import { handle } from './command-handler.js'
import { memoryEventStore } from './memory/memory-event-store.js'

describe('The command handler on the store in memory', () => {
  commandHandlerContract(async () => {
    const store = memoryEventStore()
    return { store, tail: store.tail, rejected: async () => store.rejected, close: () => store.close() }
  })

  it('lets the decisions of a stream happen one after the other on any clock', async () => {
    const stepping: Decider<string, undefined> = {
      initialState: undefined,
      decide: (stage) => [{ type: 'lead.advanced', data: { lead: 'a', stage } }],
      evolve: () => undefined,
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 7_200_000 }), { maxLength: 30 }), async (clock) => {
        let now = 0
        const store = memoryEventStore(() => now)
        for (now of clock)
          await handle(store, {
            decider: stepping,
            command: 'mql',
            streams: ['lead-a'],
            source: '/crm',
            key: String(Math.random()),
            now,
          })
        const records = await store.read('lead-a')
        expect(records.map(({ event }) => event.sequence)).toEqual(clock.map((_, i) => i + 1))
        const times = records.map(occurredAt)
        expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
      }),
    )
  })
})
