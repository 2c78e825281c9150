import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FunnelError, isFuture, mintId, occurredAt, type Instant } from '@funnel/events'
import type { Decider } from '@funnel/domain'
import { decisionId, handle, type Asking, type Handled } from './command-handler.js'
import { captured, expectDense, readAll, type StoreUnderTest } from './event-store.contract.js'
import type { EventStore } from './event-store.js'
import { StreamMemory } from './stream-memory.js'

/** Takes a lead for an owner; nobody takes it from another. Taking what one has is nothing new. */
interface Take {
  readonly lead: string
  readonly owner: string
}
const taking: Decider<Take, string | undefined> = {
  initialState: undefined,
  decide({ lead, owner }, taken) {
    if (taken === owner) return []
    if (taken !== undefined) throw new FunnelError('REJECTED', `${lead} is taken by ${taken}`, { owner: taken })
    return [{ type: 'lead.assigned', data: { lead, owner } }]
  },
  evolve: (taken, { type, data }) => (type === 'lead.assigned' ? data.owner : taken),
}

/** Notes a stage after the others, any number of times. */
interface Step {
  readonly lead: string
  readonly stages: readonly string[]
}
const stepping: Decider<Step, number> = {
  initialState: 0,
  decide: ({ lead, stages }) => stages.map((stage) => ({ type: 'lead.advanced', data: { lead, stage } })),
  evolve: (steps) => steps + 1,
}

/** Merges two persons, both of which are told; each is merged once. */
interface Merge {
  readonly person: string
  readonly absorbed: string
}
const merging: Decider<Merge, boolean> = {
  initialState: false,
  decide({ person, absorbed }, merged) {
    if (merged) throw new FunnelError('REJECTED', 'one of them is merged already')
    return [
      { type: 'person.merged', data: { person, absorbed } },
      { type: 'person.absorbed', data: { person: absorbed, into: person } },
    ]
  },
  evolve: (merged, { type }) => merged || type === 'person.merged' || type === 'person.absorbed',
}

/** Takes a lead as long as a queue has no members: rests on a stream that it does not write to. */
const whileUnstaffed: Decider<Take, boolean> = {
  initialState: false,
  decide({ lead, owner }, staffed) {
    if (staffed) throw new FunnelError('REJECTED', 'the queue has members')
    return [{ type: 'lead.assigned', data: { lead, owner } }]
  },
  evolve: (staffed, { type }) => staffed || type === 'queue.staffed',
}
const staffing: Decider<string, undefined> = {
  initialState: undefined,
  decide: (queue) => [{ type: 'queue.staffed', data: { queue, members: [{ member: 'ann', weight: 1 }] } }],
  evolve: () => undefined,
}

/** What the handler promises, whatever the store. */
export function commandHandlerContract(make: () => Promise<StoreUnderTest>): void {
  describe('a handled command', () => {
    let under: StoreUnderTest
    let store: EventStore
    beforeEach(async () => {
      under = await make()
      store = under.store
    })
    afterEach(() => under.close())

    const asking = (over: Partial<Asking> = {}): Asking => ({ source: '/crm', key: mintId(), ...over })
    const take = (lead: string, owner: string, over: Partial<Asking> = {}, on = store): Promise<Handled> =>
      handle(on, { decider: taking, command: { lead, owner }, streams: [`lead-${lead}`], ...asking(over) })
    const step = (lead: string, stages: readonly string[], over: Partial<Asking> = {}, on = store): Promise<Handled> =>
      handle(on, { decider: stepping, command: { lead, stages }, streams: [`lead-${lead}`], ...asking(over) })
    const merge = (person: string, absorbed: string, over: Partial<Asking> = {}, on = store): Promise<Handled> =>
      handle(on, {
        decider: merging,
        command: { person, absorbed },
        streams: [`person-${person}`, `person-${absorbed}`],
        ...asking(over),
      })
    const log = () => readAll(under.tail)

    /** The store, doing something else the first time a decision is about to be appended. */
    const interrupted = (work: () => Promise<unknown>): EventStore => {
      let done = false
      return {
        ...store,
        append: async (...appends) => {
          if (!done) {
            done = true
            await work()
          }
          return store.append(...appends)
        },
      }
    }

    /** The store, doing something the first time an id was looked for, before any stream is read. */
    const lateReading = (work: () => Promise<unknown>): EventStore => {
      let done: Promise<unknown> | undefined
      const looked = Promise.withResolvers<void>()
      return {
        ...store,
        find: async (id) => {
          const found = await store.find(id)
          looked.resolve()
          return found
        },
        read: async (...args) => {
          await looked.promise
          await (done ??= work())
          return store.read(...args)
        },
      }
    }

    it('is recorded as what was decided, by whom, for what reason and in which order', async () => {
      await store.append({ events: [captured('a')] })
      const cause = { id: mintId(), correlationid: 'journey-1', hops: 2 }
      const now = Date.now()
      const { events, repeated } = await step('a', ['mql', 'sql'], { key: 'k', actor: 'ann', cause, now })
      expect(repeated).toBe(false)
      expect(events.map(({ version, event }) => [version, event])).toEqual(
        ['mql', 'sql'].map((stage, i) => [
          i + 2,
          {
            specversion: '1.0',
            id: expect.stringMatching(/^[0-9a-f-]{14}8/),
            source: '/crm',
            type: 'lead.advanced',
            dataschema: 'lead.advanced:1',
            time: new Date(now).toISOString(),
            partitionkey: 'a',
            sequence: i + 2,
            causationid: cause.id,
            correlationid: 'journey-1',
            hops: 3,
            requesthash: expect.stringMatching(/^[0-9a-f]{64}$/),
            actor: 'ann',
            data: { lead: 'a', stage },
          },
        ]),
      )
      expect(await store.read('lead-a', 1)).toEqual(events)
    })

    describe('asked for again under its key', () => {
      it('gives the first answer, whatever happened since', async () => {
        const first = await step('a', ['mql', 'sql'], { key: 'k' })
        await store.append({ events: [captured('a')] })
        await take('a', 'ann')
        const again = await step('a', ['mql', 'sql'], { key: 'k', now: Date.now() + 60_000, expected: 0 })
        expect(again).toEqual({ events: first.events, repeated: true })
        expect(await store.read('lead-a')).toHaveLength(4)
      })

      it('gives the first answer also where it would be refused by now', async () => {
        await take('a', 'ann', { key: 'k' })
        await expect(take('a', 'bob')).rejects.toMatchObject({ code: 'REJECTED', details: { owner: 'ann' } })
        expect(await take('a', 'ann', { key: 'k' })).toMatchObject({ repeated: true, events: [{ version: 1 }] })
      })

      it('is another request under another key or from another source', async () => {
        const sources = ['/crm', '/crm', '/shop']
        const keys = ['k', 'l', 'k']
        for (const [i, key] of keys.entries())
          expect(await step('a', ['mql'], { key, source: sources[i]! })).toMatchObject({ repeated: false })
        expect(await store.read('lead-a')).toHaveLength(3)
      })

      it('is refused where it is another command, also about another subject and where that one would be refused', async () => {
        await step('a', ['mql'], { key: 'k' })
        await take('b', 'ann')
        const conflict = { code: 'IDEMPOTENCY_CONFLICT', details: { key: 'k' } }
        await expect(step('a', ['sql'], { key: 'k' })).rejects.toMatchObject(conflict)
        await expect(step('b', ['mql'], { key: 'k' })).rejects.toMatchObject(conflict)
        await expect(step('b', ['mql', 'sql'], { key: 'k' })).rejects.toMatchObject(conflict)
        await expect(take('b', 'bob', { key: 'k' })).rejects.toMatchObject(conflict)
        await expect(merge('p', 'q', { key: 'k' })).rejects.toMatchObject(conflict)
        expect((await log()).map(({ stream }) => stream).toSorted()).toEqual(['lead-a', 'lead-b'])
        expect(await under.rejected()).toEqual([])
      })

      it('is decided anew where it came to nothing', async () => {
        await take('a', 'ann')
        expect(await take('a', 'ann', { key: 'k' })).toEqual({ events: [], repeated: false })
        await expect(take('a', 'bob', { key: 'k' })).rejects.toMatchObject({ code: 'REJECTED' })
        expect(await take('b', 'ann', { key: 'k' })).toMatchObject({ repeated: false, events: [{ stream: 'lead-b' }] })
      })

      it('while the first request is under way, is recorded once, and both get that answer', async () => {
        const key = 'k'
        let first: Handled | undefined
        const slow = interrupted(async () => (first = await step('a', ['mql', 'sql'], { key, now: Date.now() - 5 })))
        const second = await step('a', ['mql', 'sql'], { key }, slow)
        expect(second).toEqual({ events: first!.events, repeated: true })
        expect(await store.read('lead-a')).toHaveLength(2)
        expect(await under.rejected()).toEqual([])
      })

      it('while the first request is committed between the look for it and the reading, gets its answer instead of a refusal', async () => {
        const key = 'k'
        let first: Handled | undefined
        const late = lateReading(async () => (first = await merge('p', 'q', { key })))
        expect(await merge('p', 'q', { key }, late)).toEqual({ events: first!.events, repeated: true })
        const insisting = lateReading(async () => (first = await step('a', ['mql'], { key: 'l', expected: 0 })))
        expect(await step('a', ['mql'], { key: 'l', expected: 0 }, insisting)).toEqual({
          events: first!.events,
          repeated: true,
        })
        const idle = lateReading(async () => (first = await take('b', 'ann', { key: 'm' })))
        expect(await take('b', 'ann', { key: 'm' }, idle)).toEqual({ events: first!.events, repeated: true })
        expect(await log()).toHaveLength(4)
        expect(await under.rejected()).toEqual([])
      })

      it('while another command under its key is committed between the look for it and the reading, is told of that', async () => {
        const late = lateReading(() => take('a', 'ann', { key: 'k' }))
        await expect(take('a', 'bob', { key: 'k' }, late)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
      })

      it('while another command takes the key for another subject, records nothing of it and leaves no evidence', async () => {
        const key = 'k'
        const slow = interrupted(() => step('a', ['mql'], { key }))
        await expect(step('b', ['mql', 'sql'], { key }, slow)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
        expect((await log()).map(({ stream }) => stream)).toEqual(['lead-a'])
        expect(await under.rejected()).toEqual([])
      })

      it('after a crash between the append and the answer, is safe', async () => {
        const crashing: EventStore = {
          ...store,
          append: async (...appends) => {
            await store.append(...appends)
            throw new FunnelError('UNAVAILABLE', 'the connection was lost')
          },
        }
        await expect(merge('p', 'q', { key: 'k' }, crashing)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
        const again = await merge('p', 'q', { key: 'k' })
        expect(again.repeated).toBe(true)
        expect(again.events.map(({ event }) => event.type)).toEqual(['person.merged', 'person.absorbed'])
        expect(await log()).toHaveLength(2)
      })

      it('after a crash before the append, is as if for the first time', async () => {
        const crashing: EventStore = {
          ...store,
          append: () => Promise.reject(new FunnelError('UNAVAILABLE', 'the connection was lost')),
        }
        await expect(take('a', 'ann', { key: 'k' }, crashing)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
        expect(await take('a', 'ann', { key: 'k' })).toMatchObject({ repeated: false, events: [{ version: 1 }] })
      })
    })

    describe('in a race', () => {
      it('wins, or is decided anew and told who won', async () => {
        const owners = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal']
        const tries = await Promise.allSettled(owners.map((owner) => take('a', owner)))
        const [record, ...more] = await store.read('lead-a')
        expect(more).toEqual([])
        const { owner } = record!.event.data as Take
        for (const [i, answer] of tries.entries())
          expect(answer).toMatchObject(
            owners[i] === owner
              ? { status: 'fulfilled' }
              : { status: 'rejected', reason: { code: 'REJECTED', details: { owner } } },
          )
      })

      it('is decided anew when the stream moved on while it was decided', async () => {
        const slow = interrupted(() => take('a', 'bob'))
        await expect(take('a', 'ann', {}, slow)).rejects.toMatchObject({ code: 'REJECTED', details: { owner: 'bob' } })
        const observed = interrupted(() => store.append({ events: [captured('b')] }))
        expect(await take('b', 'ann', {}, observed)).toMatchObject({ events: [{ version: 2, event: { sequence: 2 } }] })
      })

      it('all that do not exclude each other are recorded', async () => {
        const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => step('a', [`s-${i}`, 'next'])))
        const records = await store.read('lead-a')
        expect(records).toHaveLength(16)
        expect(records.map(({ version }) => version)).toEqual(records.map(({ event }) => event.sequence))
        expect(answers.flatMap(({ events }) => events).toSorted((a, b) => a.version - b.version)).toEqual(records)
      })

      it('gives up when others are faster every time, and says so', async () => {
        const hectic: EventStore = {
          ...store,
          append: async (...appends) => {
            await store.append({ events: [captured('a')] })
            return store.append(...appends)
          },
        }
        await expect(take('a', 'ann', {}, hectic)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
        expect((await store.read('lead-a')).every(({ event }) => event.type === 'lead.captured')).toBe(true)
      })
    })

    describe('whose ids were taken by events from outside, as ids of decisions can be told beforehand', () => {
      /** An event of somebody who takes the id of what a request will record. */
      const takesId = (key: string, ordinal: number) =>
        store.append({ events: [captured('taker', { id: decisionId('/crm', key, ordinal) })] })

      it.each([[[0]], [[1]], [[2]], [[0, 1, 2]]])('is recorded nevertheless: those at %j', async (ordinals) => {
        for (const ordinal of ordinals) await takesId('k', ordinal)
        const first = await step('a', ['mql', 'sql'], { key: 'k' })
        expect(first).toMatchObject({ repeated: false, events: [{ version: 1 }, { version: 2 }] })
        const ids = first.events.map(({ event }) => event.id)
        expect(ids).toEqual(
          [0, 1].map((ordinal) => {
            const id = decisionId('/crm', 'k', ordinal)
            return ordinals.includes(ordinal) ? store.idInsteadOf(id) : id
          }),
        )
        expect(await step('a', ['mql', 'sql'], { key: 'k' })).toEqual({ events: first.events, repeated: true })
        await expect(step('a', ['sql'], { key: 'k' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
        expect(await store.read('lead-a')).toEqual(first.events)
      })

      it('is recorded nevertheless where they are taken one by one while it is decided', async () => {
        const ordinals = [1, 0]
        const hectic: EventStore = {
          ...store,
          append: async (...appends) => {
            const ordinal = ordinals.pop()
            if (ordinal !== undefined) await takesId('k', ordinal)
            return store.append(...appends)
          },
        }
        const first = await step('a', ['mql', 'sql'], { key: 'k' }, hectic)
        expect(await store.read('lead-a')).toEqual(first.events)
        expect(await step('a', ['mql', 'sql'], { key: 'k' })).toEqual({ events: first.events, repeated: true })
      })

      it('keeps the ids that it has where somebody tries to take them later', async () => {
        const first = await step('a', ['mql', 'sql'], { key: 'k' })
        for (const ordinal of [0, 1, 2]) await takesId('k', ordinal)
        expect(await step('a', ['mql', 'sql'], { key: 'k' })).toEqual({ events: first.events, repeated: true })
      })
    })

    it('is refused where the stream is not at the version that the caller insists on', async () => {
      await step('a', ['mql'], { expected: 0 })
      await expect(step('a', ['sql'], { expected: 0 })).rejects.toMatchObject({
        code: 'VERSION_CONFLICT',
        details: { stream: 'lead-a', expected: 0, actual: 1 },
      })
      const slow = interrupted(() => store.append({ events: [captured('a')] }))
      await expect(step('a', ['sql'], { expected: 1 }, slow)).rejects.toMatchObject({
        code: 'VERSION_CONFLICT',
        details: { expected: 1, actual: 2 },
      })
      expect(await store.read('lead-a')).toHaveLength(2)
    })

    describe('about several subjects', () => {
      it('is recorded for all of them or for none', async () => {
        const { events } = await merge('p', 'q')
        expect(events.map(({ stream, version }) => [stream, version])).toEqual([
          ['person-p', 1],
          ['person-q', 1],
        ])
        const crossed = await Promise.allSettled([merge('r', 's'), merge('s', 'r')])
        expect(crossed.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
        for (const person of ['r', 's']) expect(await store.read(`person-${person}`)).toHaveLength(1)
      })

      it('rests on each of them, also on those it does not write to', async () => {
        const staffed = interrupted(() =>
          handle(store, { decider: staffing, command: 'q', streams: ['queue-q'], ...asking() }),
        )
        const guarded = (on: EventStore) =>
          handle(on, {
            decider: whileUnstaffed,
            command: { lead: 'a', owner: 'ann' },
            streams: ['lead-a', 'queue-q'],
            ...asking(),
          })
        await expect(guarded(staffed)).rejects.toMatchObject({ code: 'REJECTED' })
        expect(await store.read('lead-a')).toEqual([])
      })

      it('reads a subject once that is named twice', async () => {
        const { events } = await handle(store, {
          decider: stepping,
          command: { lead: 'a', stages: ['mql'] },
          streams: ['lead-a', 'lead-a'],
          ...asking(),
        })
        expect(events.map(({ version }) => version)).toEqual([1])
      })

      it('is a bug where it writes to a subject that it was not based on', async () => {
        await expect(
          handle(store, {
            decider: merging,
            command: { person: 'p', absorbed: 'q' },
            streams: ['person-p'],
            ...asking(),
          }),
        ).rejects.toMatchObject({ code: 'INTERNAL', details: { stream: 'person-q' } })
        expect(await log()).toEqual([])
      })
    })

    it('happens after the decisions before it, whatever the clock does', async () => {
      const hour = 3_600_000
      const clock: Instant[] = [0, -hour, 5, hour / 60, -hour, -hour].map((off) => Date.now() + off)
      for (const now of clock) await step('a', ['mql', 'sql'], { now })
      const records = await store.read('lead-a')
      expect(records.map(({ version }) => version)).toEqual(records.map(({ event }) => event.sequence))
      const times = records.filter((_, i) => i % 2 === 0).map(occurredAt)
      for (const [i, time] of times.entries()) if (i) expect(time).toBeGreaterThan(times[i - 1]!)
      expectDense(await log())
    })

    it('is not outranked by what an observer with a clock that is ahead had told before', async () => {
      const now = Date.now()
      const ahead = (ms: number) => captured('a', { time: new Date(now + ms).toISOString() })
      const at: Instant[] = []
      const noting: Decider<Step, number> = {
        ...stepping,
        decide: (command, steps, instant) => (at.push(instant), stepping.decide(command, steps, instant)),
      }
      const memory = new StreamMemory<number>()
      const noted = () =>
        handle(store, {
          decider: noting,
          command: { lead: 'a', stages: ['mql', 'sql'] },
          streams: ['lead-a'],
          memory,
          ...asking({ now }),
        })
      for (const ms of [0, 180_000, 60_000, 290_000]) {
        await store.append({ events: [ahead(ms)] })
        await noted()
      }
      // further ahead than is believed: it counts as of when it was recorded
      await store.append({ events: [ahead(3_600_000)] })
      await noted()
      const records = await store.read('lead-a')
      const decided = records.filter(({ event }) => event.requesthash !== undefined)
      expect(decided).toHaveLength(10)
      for (const one of decided) {
        expect(isFuture(one)).toBe(false)
        for (const before of records.slice(0, one.version - 1).filter(({ event }) => event.type !== one.event.type))
          expect(occurredAt(one)).toBeGreaterThan(occurredAt(before))
      }
      // deadlines know nothing of that clock
      for (const instant of at) expect(instant).toBeLessThan(Date.now() + 1000)
    })

    it('ties with what was told of the last instant that is believed, and comes after it by its number', async () => {
      const first = await store.append({ events: [captured('a')] })
      const limit = first[0]!.record.recorded + 300_000
      const told = { ...first[0]!.record, event: captured('a', { time: new Date(limit).toISOString() }) }
      const frozen: EventStore = { ...store, read: async () => [told] }
      const { events } = await step('a', ['mql'], { now: Date.now() }, frozen)
      expect(Date.parse(events[0]!.event.time)).toBe(limit)
      expect(isFuture(events[0]!)).toBe(false)
    })

    it('that remembers the stream reads what came after, and is decided as if it had read it all', async () => {
      const memory = new StreamMemory<string | undefined>()
      const from: (number | undefined)[] = []
      const read: EventStore['read'] = (stream, after, most) => {
        from.push(after)
        return store.read(stream, after, most)
      }
      const told: EventStore = { ...store, read }
      const taken = (owner: string) =>
        handle(told, { decider: taking, command: { lead: 'a', owner }, streams: ['lead-a'], memory, ...asking() })
      await taken('ann')
      await step('a', ['mql', 'sql'])
      await expect(taken('bob')).rejects.toMatchObject({ details: { owner: 'ann' } })
      expect(await taken('ann')).toEqual({ events: [], repeated: false })
      expect(from).toEqual([0, 0, 3])
      await step('b', ['mql'])
      expect((await store.read('lead-a')).map(({ version }) => version)).toEqual([1, 2, 3])
    })

    it('on a stream that many decide on at once waits for its turn: once they were too many, and gave up', async () => {
      const memory = new StreamMemory<number>()
      let appends = 0
      const counting: EventStore = {
        ...store,
        append: (...all) => {
          appends++
          return store.append(...all)
        },
      }
      const stepped = (i: number) =>
        handle(counting, {
          decider: stepping,
          command: { lead: 'a', stages: [`s-${i}`] },
          streams: ['lead-a'],
          memory,
          ...asking(),
        })
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => stepped(i)))
      expect(answers.flatMap(({ events }) => events.map(({ version }) => version))).toEqual(
        Array.from({ length: 40 }, (_, i) => i + 1),
      )
      expect(appends).toBe(40)
    })

    it('that follows from sixteen others is the last: a longer chain is a loop', async () => {
      const cause = (hops: number) => ({ id: mintId(), hops })
      const { events } = await step('a', ['mql'], { cause: cause(15) })
      expect(events[0]!.event).toMatchObject({ hops: 16 })
      await expect(step('a', ['sql'], { cause: cause(16) })).rejects.toMatchObject({
        code: 'REJECTED',
        details: { hops: 17 },
      })
      const { events: begun } = await step('a', ['sql'], { cause: { id: 'b' } })
      expect(begun[0]!.event).toMatchObject({ hops: 1, causationid: 'b', correlationid: 'b' })
      const { events: own } = await step('a', ['sql'])
      expect(own[0]!.event).not.toHaveProperty('hops')
    })

    it('puts nothing into the log that no event may hold', async () => {
      await expect(step('a', ['mql\n'])).rejects.toMatchObject({ code: 'INVALID', details: { field: 'data.stage' } })
      await expect(step('a', ['ann@example.com'])).rejects.toMatchObject({ details: { field: 'data.stage' } })
      expect(await log()).toEqual([])
    })
  })
}
