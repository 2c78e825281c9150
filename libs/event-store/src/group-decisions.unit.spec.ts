import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { derivedId, FunnelError, type Envelope } from '@funnel/events'
import { commandHandlerContract } from './command-handler.contract.js'
import { captured } from './event-store.contract.js'
import type { Append, Appended } from './event-store.js'
import { groupDecisions } from './group-decisions.js'
import { memoryEventStore } from './memory/memory-event-store.js'
import { watched } from './testing/watched-store.js'

const decision = (lead: string, version = 0, over: Partial<Envelope> = {}): Append => ({
  events: [captured(lead, over)],
  expected: { [`lead-${lead}`]: version },
})
const codes = (answers: readonly PromiseSettledResult<unknown>[]) =>
  answers.map((answer) => (answer.status === 'fulfilled' ? 'recorded' : (answer.reason as FunnelError).code))

describe('The command handler on decisions in groups', () => {
  commandHandlerContract(async () => {
    const store = memoryEventStore()
    return {
      store: groupDecisions(store),
      tail: store.tail,
      rejected: async () => store.rejected,
      close: () => store.close(),
    }
  })
})

describe('decisions in groups', () => {
  it('share a transaction where they rest on different streams, and each is answered its own', async () => {
    const under = watched()
    const group = groupDecisions(under.store)
    const appends = Array.from({ length: 50 }, (_, i) => decision(`l${i}`))
    const answers = await Promise.all(appends.map((append) => group.append(append)))
    expect(under.calls).toHaveLength(1)
    expect(answers.map(([answer]) => answer!.record.event)).toEqual(appends.map(({ events }) => events[0]))
  })

  it('of one stream go one after the other, and the second is refused', async () => {
    const under = watched()
    const group = groupDecisions(under.store, { writers: 1 })
    const answers = await Promise.allSettled([decision('a'), decision('a'), decision('b')].map((a) => group.append(a)))
    expect(codes(answers)).toEqual(['recorded', 'VERSION_CONFLICT', 'recorded'])
    expect(under.calls.map((appends) => appends.length)).toEqual([2, 1])
  })

  it('never hold what one rests on together with what another writes', async () => {
    const under = watched()
    const group = groupDecisions(under.store, { writers: 1 })
    const answers = await Promise.allSettled([
      group.append(decision('a')),
      group.append({ events: [captured('b')], expected: { 'lead-b': 0, 'lead-a': 0 } }),
    ])
    expect(codes(answers)).toEqual(['recorded', 'VERSION_CONFLICT'])
  })

  it('hold back nobody for one that comes too late, or was recorded before', async () => {
    const under = watched()
    const id = derivedId('known')
    await under.store.append(decision('known', 0, { id }))
    const group = groupDecisions(under.store)
    const answers = await Promise.allSettled(
      [decision('a'), decision('late', 7), decision('b'), decision('other', 0, { id }), decision('c')].map((append) =>
        group.append(append),
      ),
    )
    expect(codes(answers)).toEqual(['recorded', 'VERSION_CONFLICT', 'recorded', 'CONFLICT', 'recorded'])
    expect(under.calls.slice(1).map((appends) => appends.length)).toEqual([5, 4, 3]) // the error says whom it is about
    expect(await under.recorded()).toBe(4)
  })

  it('fail the caller whose event cannot be recorded, and nobody else', async () => {
    const under = watched()
    const group = groupDecisions(under.store)
    const answers = await Promise.allSettled(
      Array.from({ length: 32 }, (_, i) => group.append(decision(`l${i}`, 0, i === 20 ? { source: 'poison' } : {}))),
    )
    expect(codes(answers)).toEqual(Array.from({ length: 32 }, (_, i) => (i === 20 ? 'INVALID' : 'recorded')))
    expect(under.calls).toHaveLength(11)
  })

  it('do not hammer a store that is down: the whole group hears of it', async () => {
    const under = watched()
    under.fail()
    const group = groupDecisions(under.store)
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => group.append(decision(`l${i}`))))
    expect(new Set(codes(answers))).toEqual(new Set(['UNAVAILABLE']))
    expect(under.calls).toHaveLength(1)
  })

  it('that come while all writers are busy go in full groups', async () => {
    const under = watched()
    under.hold()
    const group = groupDecisions(under.store, { writers: 1, groupSize: 10 })
    const first = group.append(decision('first'))
    await new Promise(setImmediate)
    const rest = Array.from({ length: 25 }, (_, i) => group.append(decision(`l${i}`)))
    await new Promise(setImmediate)
    under.release()
    await Promise.all([first, ...rest])
    expect(under.calls.map((appends) => appends.length)).toEqual([1, 10, 10, 5])
  })

  it('leave observations alone', async () => {
    const under = watched()
    const group = groupDecisions(under.store)
    const [event, other] = [captured('a'), captured('a')]
    await Promise.all([group.append({ events: [event] }), group.append({ events: [event] }, { events: [other] })])
    expect(under.calls).toHaveLength(2)
    expect(await under.recorded()).toBe(2)
  })

  it('are recorded or refused as one by one in the order of their answers, whatever they rest on', async () => {
    const stream = fc.constantFrom('a', 'b', 'c', 'd')
    const any = fc.record({ writes: stream, rests: fc.array(stream, { maxLength: 2 }), at: fc.nat(2), id: fc.nat(6) })
    await fc.assert(
      fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 12 }), async (wanted) => {
        const appends = wanted.map(({ writes, rests, at, id }) => ({
          events: [captured(writes, { id: derivedId('any', id) })],
          expected: Object.fromEntries([writes, ...rests].map((name) => [`lead-${name}`, at])),
        }))
        const store = memoryEventStore()
        const group = groupDecisions(store, { writers: 1, groupSize: 4 })
        const order: (readonly [Append, string])[] = []
        await Promise.all(
          appends.map((append) =>
            group.append(append).then(
              (appended: readonly Appended[]) => order.push([append, appended[0]!.outcome]),
              (error: FunnelError) => order.push([append, error.code]),
            ),
          ),
        )
        const alone = memoryEventStore()
        for (const [append, outcome] of order)
          expect(
            await alone.append(append).then(
              ([one]) => one!.outcome,
              (error: FunnelError) => error.code,
            ),
          ).toBe(outcome)
      }),
      { numRuns: 300 },
    )
  })
})
