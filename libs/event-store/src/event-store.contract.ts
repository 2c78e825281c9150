import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  addressOf,
  advance,
  mintId,
  positionOf,
  totalOrder,
  type Envelope,
  type Positions,
  type Recorded,
  type Supplied,
} from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import type { EventStore } from './event-store.js'

/** A store under test, with what a test needs to see of it. */
export interface StoreUnderTest {
  readonly store: EventStore
  /** Its tail with a head that is fresh at every look. */
  readonly tail: EventTail
  /** Refusals and conflicts so far, oldest first. */
  rejected(): Promise<readonly { code: string; body: string }[]>
  close(): Promise<void>
}

/** A lead captured, with an id of its own unless given. */
export function captured(lead: string, over: Partial<Envelope> = {}): Envelope {
  return {
    specversion: '1.0',
    id: mintId(),
    source: '/test',
    type: 'lead.captured',
    dataschema: 'lead.captured:1',
    time: '2026-01-01T00:00:00.000Z',
    partitionkey: lead,
    data: { lead },
    ...over,
  }
}

/** Everything the tail has, read in small steps. */
export async function readAll(tail: EventTail, limit = 7): Promise<Recorded[]> {
  const { positions } = await tail.heads()
  const all: Recorded[] = []
  for (let place: Positions = {}; ;) {
    const next = await tail.read(place, positions, limit)
    if (!next.length) return all
    all.push(...next)
    place = advance(place, next)
  }
}

/** Has many writers send the same id at once, each in another partition; how many of them were told that it was recorded. */
export async function writersOfOneId(store: EventStore): Promise<number> {
  const id = mintId()
  const tries = await Promise.all(
    Array.from({ length: 12 }, (_, i) => store.append({ events: [captured(`k${i}`, { id }), captured(`k${i}`)] })),
  )
  return tries.filter(([first]) => first!.outcome === 'recorded').length
}

/** What every adapter of EventStore does. */
export function eventStoreContract(make: () => Promise<StoreUnderTest>): void {
  describe('keeps the contract of the store', () => {
    let under: StoreUnderTest
    let store: EventStore
    beforeEach(async () => {
      under = await make()
      store = under.store
    })
    afterEach(() => under.close())

    it('records events with dense positions and versions', async () => {
      const first = await store.append({ events: [captured('a'), captured('b')] })
      const second = await store.append({ events: [captured('a')] })
      expect(first.map(({ outcome }) => outcome)).toEqual(['recorded', 'recorded'])
      expect(second[0]!.record).toMatchObject({ stream: 'lead-a', version: 2, topic: 'leads' })
      expect((await store.read('lead-a')).map(({ version }) => version)).toEqual([1, 2])
      expect((await store.read('lead-a', 1)).map(({ version }) => version)).toEqual([2])
      expect((await store.read('lead-a', 0, 1)).map(({ version }) => version)).toEqual([1])
      expect((await store.read('lead-a', 1, 5)).map(({ version }) => version)).toEqual([2])
      expect(await store.read('lead-nobody')).toEqual([])
    })

    it('gives back the very event', async () => {
      const properties = { text: 'Ünïcödé "quoted" \\ \n', n: 1.5, yes: true, none: null }
      const event = captured('a', { data: { lead: 'a', properties } })
      const [appended] = await store.append({ events: [event] })
      expect(appended!.record.event).toEqual(event)
      expect((await store.read('lead-a'))[0]!.event).toEqual(event)
    })

    it('records an id once, however late it comes again', async () => {
      const event = captured('a')
      const [first] = await store.append({ events: [event] })
      await store.append({ events: Array.from({ length: 50 }, (_, i) => captured(`other-${i}`)) })
      const [again] = await store.append({ events: [event] })
      expect(again).toEqual({ outcome: 'duplicate', record: first!.record })
      expect(await store.read('lead-a')).toHaveLength(1)
    })

    it('records an id once within one call', async () => {
      const event = captured('a')
      const outcomes = await store.append({ events: [event, captured('b'), event] })
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'recorded', 'duplicate'])
      expect(outcomes[2]!.record).toEqual(outcomes[0]!.record)
    })

    it('calls the same id with other content, key or type a conflict and keeps it as evidence', async () => {
      const event = captured('a')
      await store.append({ events: [event] })
      const others = [
        { ...event, data: { lead: 'a', owner: 'else' } },
        { ...event, partitionkey: 'b', data: { lead: 'b' } },
        { ...event, type: 'lead.stage-entered', dataschema: 'lead.stage-entered:1', data: { lead: 'a', stage: 'mql' } },
      ]
      const outcomes = await store.append({ events: others })
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['conflict', 'conflict', 'conflict'])
      expect(outcomes.every(({ record }) => record.event.dataschema === 'lead.captured:1')).toBe(true)
      const evidence = await under.rejected()
      expect(evidence.map(({ code }) => code)).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT'])
      expect(evidence.map(({ body }) => JSON.parse(body) as unknown)).toEqual(others)
      expect(await readAll(under.tail)).toHaveLength(1)
    })

    it('shows the first event of an id, also where the conflict is within one call', async () => {
      const event = captured('a')
      const other = { ...event, data: { lead: 'a', owner: 'else' } }
      const outcomes = await store.append({ events: [event, other] }, { events: [other, event] })
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'conflict', 'conflict', 'duplicate'])
      for (const { record } of outcomes) expect(record).toEqual(outcomes[0]!.record)
      expect(outcomes[0]!.record.event).toEqual(event)
      expect((await under.rejected()).map(({ body }) => JSON.parse(body) as unknown)).toEqual([other, other])
    })

    it('refuses a call that expects two versions of one stream', async () => {
      const parts = [0, 1].map((version) => ({ events: [captured('a')], expected: { 'lead-a': version } }))
      await expect(store.append(...parts)).rejects.toMatchObject({ code: 'INVALID' })
      expect(await readAll(under.tail)).toEqual([])
    })

    /** Appends events into which the door has put something. */
    const appendSupplied = (what: Supplied, ...events: Envelope[]) =>
      store.append({ events, supplied: new Map(events.map((event) => [event, what])) })

    it('takes a resend with another time for a duplicate when the door supplied the time', async () => {
      const event = captured('a')
      await appendSupplied({ time: true }, event)
      const [again] = await appendSupplied({ time: true }, { ...event, time: '2026-02-02T00:00:00.000Z' })
      expect(again!.outcome).toBe('duplicate')
    })

    it('takes a resend under another schema for a duplicate when the door supplied the schema', async () => {
      const event = captured('a')
      await appendSupplied({ dataschema: true }, event)
      const [again] = await appendSupplied({ dataschema: true }, { ...event, dataschema: `${event.type}:2` })
      expect(again!.outcome).toBe('duplicate')
    })

    it('takes a resend of another person, or of none, for a duplicate when the door supplied the person', async () => {
      const event = captured('a', { data: { lead: 'a', person: 'p' } })
      const [first] = await appendSupplied({ person: true }, event)
      expect(first!.record.event).toEqual(event)
      const again = [
        ...(await appendSupplied({ person: true }, { ...event, data: { lead: 'a', person: 'q' } })),
        ...(await store.append({ events: [{ ...event, data: { lead: 'a' } }] })),
        ...(await store.append({ events: [{ ...event }] })),
      ]
      expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'conflict'])
    })

    it('keeps apart what the door put into several resends of one call', async () => {
      const event = captured('a', { data: { lead: 'a', person: 'p' } })
      const without = { ...event, data: { lead: 'a' } }
      const other = { ...event, data: { lead: 'a', person: 'q' } }
      await appendSupplied({ person: true }, event)
      const again = await store.append({
        events: [other, without, { ...other }],
        supplied: new Map([
          [other, { person: true }],
          [without, { dataschema: true }],
        ]),
      })
      expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'conflict'])
    })

    it('checks the expected version and records nothing when one is wrong', async () => {
      await store.append({ events: [captured('a')], expected: { 'lead-a': 0 } })
      await expect(
        store.append({ events: [captured('b')] }, { events: [captured('a')], expected: { 'lead-a': 0 } }),
      ).rejects.toMatchObject({ code: 'VERSION_CONFLICT', details: { stream: 'lead-a', expected: 0, actual: 1 } })
      expect(await store.read('lead-b')).toEqual([])
      await store.append({ events: [captured('a')], expected: { 'lead-a': 1 } })
      expect(await store.read('lead-a')).toHaveLength(2)
    })

    it('checks the versions of streams that nothing is written to, and waits for their writers', async () => {
      await store.append({ events: [captured('a')] })
      const writers = ['b', 'c'].map((lead) => {
        const other = lead === 'b' ? 'c' : 'b'
        return store.append({ events: [captured(lead)], expected: { [`lead-${other}`]: 0, 'lead-a': 1 } })
      })
      const tries = await Promise.allSettled(writers)
      expect(tries.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      await expect(store.append({ events: [captured('d')], expected: { 'lead-a': 0 } })).rejects.toMatchObject({
        code: 'VERSION_CONFLICT',
      })
      expect(await readAll(under.tail)).toHaveLength(2)
    })

    it('records a decision as a whole or not at all: a known id is a CONFLICT, without evidence', async () => {
      const known = captured('a')
      await store.append({ events: [known] })
      for (const event of [known, { ...known, partitionkey: 'b', data: { lead: 'b' } }])
        await expect(store.append({ events: [captured('b'), event], expected: { 'lead-b': 0 } })).rejects.toMatchObject(
          { code: 'CONFLICT', details: { id: known.id } },
        )
      const twice = captured('b')
      await expect(store.append({ events: [twice, twice], expected: { 'lead-b': 0 } })).rejects.toMatchObject({
        code: 'CONFLICT',
        details: { id: twice.id },
      })
      expect(await store.read('lead-b')).toEqual([])
      expect(await under.rejected()).toEqual([])
    })

    it('refuses to expect a version of what is no stream', async () => {
      await expect(store.append({ events: [captured('a')], expected: { nothing: 0 } })).rejects.toMatchObject({
        code: 'INVALID',
      })
    })

    it('finds an event by its id', async () => {
      const event = captured('a')
      const [appended] = await store.append({ events: [event, captured('a')] })
      expect(await store.find(event.id)).toEqual(appended!.record)
      expect(await store.find(mintId())).toBeUndefined()
    })

    it('answers what is read at once each for itself', async () => {
      const appended = await store.append({ events: ['a', 'b', 'a', 'a', 'b'].map((lead) => captured(lead)) })
      const [a1, b1, a2, a3, b2] = appended.map(({ record }) => record)
      expect(
        await Promise.all([
          store.read('lead-a', 1),
          store.read('lead-b'),
          store.read('lead-none'),
          store.read('lead-a', 0, 2),
          store.read('lead-a', 1),
          store.find(b2!.event.id),
          store.find(mintId()),
          store.find(a1!.event.id),
          store.find(b2!.event.id),
        ]),
      ).toEqual([[a2, a3], [b1, b2], [], [a1, a2], [a2, a3], b2, undefined, a1, b2])
    })

    it('records all or nothing when one event cannot be', async () => {
      const events = [captured('a'), captured('b', { type: 'no.such' })]
      await expect(store.append({ events })).rejects.toMatchObject({ code: 'INVALID' })
      expect(await readAll(under.tail)).toEqual([])
    })

    it('lets one of many writers with the same expected version win', async () => {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, () => store.append({ events: [captured('a')], expected: { 'lead-a': 0 } })),
      )
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await store.read('lead-a')).toHaveLength(1)
    })

    it('lets one of many writers of the same id in different partitions win, and leaves no gap', async () => {
      expect(await writersOfOneId(store)).toBe(1)
      expectDense(await readAll(under.tail))
    })

    it('gives readers the total order, in steps of any size', async () => {
      for (let i = 0; i < 20; i++)
        await store.append({ events: Array.from({ length: 5 }, (_, k) => captured(`${i}-${k % 3}`)) })
      const all = await readAll(under.tail, 1000)
      expect(all).toHaveLength(100)
      expect(all).toEqual(all.toSorted(totalOrder))
      expect(await readAll(under.tail, 1)).toEqual(all)
      expect(await readAll(under.tail, 13)).toEqual(all)
      expectDense(all)
    })

    it('reads only topics that are asked for', async () => {
      await store.append({ events: [captured('a')] })
      const { positions } = await under.tail.heads()
      expect(await under.tail.read({}, { deals: positions.deals ?? [] }, 10)).toEqual([])
    })

    it('has nothing at or below an announced watermark still to come', async () => {
      const before = await under.tail.heads()
      await store.append({ events: [captured('a')] })
      const middle = await under.tail.heads()
      await store.append({ events: [captured('a'), captured('c')] })
      const after = await under.tail.heads()
      const all = await readAll(under.tail)
      expect(all).toHaveLength(3)
      expect(middle.w).toBeGreaterThanOrEqual(before.w)
      for (const head of [before, middle, after])
        for (const { topic, partition, position, recorded } of all)
          expect(recorded <= head.w).toBe(position <= positionOf(head.positions, topic, partition))
      expectDense(all)
    })

    it('keeps what was refused, with its reason', async () => {
      const body = '{"broken": "\0 and \ud800"'
      await store.reject([{ source: '/test', code: 'INVALID', field: 'data', message: 'not JSON', body }])
      expect((await under.rejected()).map(({ code }) => code)).toEqual(['INVALID'])
    })
  })
}

/** Positions 1, 2, 3 … in every partition, versions 1, 2, 3 … in every stream, and recorded times that never fall. */
export function expectDense(records: readonly Recorded[]): void {
  const places = Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`)
  for (const list of places.values()) {
    expect(list.map(({ position }) => position)).toEqual(list.map((_, i) => i + 1))
    expect(list.map(({ recorded }) => recorded)).toEqual(list.map(({ recorded }) => recorded).toSorted((a, b) => a - b))
  }
  for (const list of Map.groupBy(records, ({ stream }) => stream).values())
    expect(list.map(({ version }) => version)).toEqual(list.map((_, i) => i + 1))
  for (const record of records) expect(record).toMatchObject(addressOf('lead', record.event.partitionkey))
}
