import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { occurredAt } from '@funnel/events'
import type { Decider } from '@funnel/domain'
import { commandHandlerContract } from './command-handler.contract.js'
import { handle } from './command-handler.js'
import { captured } from './event-store.contract.js'
import { memoryEventStore } from './memory/memory-event-store.js'
import { StreamMemory } from './stream-memory.js'

describe('The command handler on the store in memory', () => {
  commandHandlerContract(async () => {
    const store = memoryEventStore()
    return { store, tail: store.tail, rejected: async () => store.rejected, close: () => store.close() }
  })

  it('reads a long stream in pages, and then what is new', async () => {
    const counting: Decider<string, number> = {
      initialState: 0,
      decide: (_, count) => [{ type: 'lead.advanced', data: { lead: 'a', stage: `s-${count}` } }],
      evolve: (count) => count + 1,
    }
    const store = memoryEventStore()
    await store.append({ events: Array.from({ length: 4500 }, () => captured('a')) })
    const pages: number[] = []
    const told: typeof store = {
      ...store,
      read: async (...args) => {
        const page = await store.read(...args)
        pages.push(page.length)
        return page
      },
    }
    const memory = new StreamMemory<number>()
    for (const stage of ['s-4500', 's-4501']) {
      const { events } = await handle(told, {
        decider: counting,
        command: 'count',
        streams: ['lead-a'],
        memory,
        source: '/crm',
        key: stage,
      })
      expect(events[0]!.event.data).toEqual({ lead: 'a', stage })
    }
    expect(pages).toEqual([2000, 2000, 500, 1])
  })

  it('goes by what is up to date at each attempt, also after another writer was faster', async () => {
    const store = memoryEventStore()
    await store.append({ events: [captured('a')] })
    let rule = 0
    const byRule: Decider<string, undefined> = {
      initialState: undefined,
      decide: () => [{ type: 'lead.advanced', data: { lead: 'a', stage: `by-${rule}` } }],
      evolve: () => undefined,
    }
    const { events } = await handle(store, {
      decider: byRule,
      refresh: async () => {
        // the first time somebody else writes once the streams are read
        if (++rule === 1) await store.append({ events: [captured('a')] })
      },
      command: 'advance',
      streams: ['lead-a'],
      source: '/crm',
      key: 'k',
    })
    expect(events[0]!.event.data).toEqual({ lead: 'a', stage: 'by-2' })
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
