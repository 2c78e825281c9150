import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import { derivedId, FunnelError, totalOrder, type Envelope, type Recorded } from '@funnel/events'
import { advanceHead, postgresEventTail, type EventTail } from '@funnel/event-log'
import { captured } from '../event-store.contract.js'
import type { Append, EventStore } from '../event-store.js'
import { memoryEventStore } from '../memory/memory-event-store.js'
import { storeDatabase, type StoreDatabase } from '../testing/store-database.js'

/** An event of few leads, few ids and few contents, so that resends and conflicts are the rule. */
const anyEvent = fc
  .record({ id: fc.nat(9), lead: fc.nat(3), owner: fc.nat(1), kind: fc.constantFrom('captured', 'staged') })
  .map(({ id, lead, owner, kind }): Envelope => {
    const name = `lead-${lead}`
    const over = { id: derivedId('model', id), data: { lead: name, owner: `o-${owner}` } }
    return captured(
      name,
      kind === 'captured'
        ? over
        : {
            ...over,
            type: 'lead.stage-entered',
            dataschema: 'lead.stage-entered:1',
            data: { ...over.data, stage: 'mql' },
          },
    )
  })
/** What is expected of a stream: the version it really has, give or take. */
const expectation = fc.record({ lead: fc.nat(3), off: fc.constantFrom(0, 0, 0, 1, -1) })
/** Most calls bring observations, which expect nothing. */
const expectations = fc.oneof(
  { weight: 5, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(expectation, { maxLength: 2 }) },
)
const calls = fc.array(
  fc.array(fc.record({ events: fc.array(anyEvent, { maxLength: 5 }), expected: expectations }), {
    minLength: 1,
    maxLength: 3,
  }),
  { minLength: 1, maxLength: 12 },
)

/** A record without the time, which only the clock knows. */
const timeless = ({ topic, partition, position, stream, version, event }: Recorded) => ({
  topic,
  partition,
  position,
  stream,
  version,
  event,
})

describe('the store in PostgreSQL, with the one in memory as its model', () => {
  let database: StoreDatabase
  let pool: pg.Pool
  let store: EventStore
  beforeAll(async () => {
    database = await storeDatabase(2)
    ;({ pool, store } = database)
  })
  afterAll(() => database.drop())

  const outcome = async (on: EventStore, appends: readonly Append[]): Promise<unknown> => {
    try {
      return (await on.append(...appends)).map(({ outcome: what, record }) => ({ what, ...timeless(record) }))
    } catch (error) {
      if (!(error instanceof FunnelError)) throw error
      return { code: error.code, details: error.details }
    }
  }
  const everything = async (tail: EventTail): Promise<unknown[]> => {
    const records = await tail.read({}, (await tail.heads()).positions, 10_000)
    expect(records).toEqual(records.toSorted(totalOrder))
    const places = records.map(timeless)
    return places.toSorted((a, b) => a.partition - b.partition || a.position - b.position)
  }

  it('gives the same verdicts, places and evidence for any appends', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async (steps) => {
        await pool.query('truncate store.event, store.head, store.rejected_event, vault.raw')
        const model = memoryEventStore()
        for (const parts of steps) {
          const appends: Append[] = []
          for (const { events, expected } of parts) {
            const versions: Record<string, number> = {}
            for (const { lead, off } of expected)
              versions[`lead-lead-${lead}`] = Math.max(0, (await model.read(`lead-lead-${lead}`)).length + off)
            appends.push({ events, expected: versions })
          }
          expect(await outcome(store, appends)).toEqual(await outcome(model, appends))
        }
        const tail = postgresEventTail(pool)
        const real = { read: tail.read.bind(tail), heads: () => advanceHead(pool) }
        expect(await everything(real)).toEqual(await everything(model.tail))
        const { rows } = await pool.query<{ body: string }>('select body from vault.raw order by id')
        expect(rows.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
          model.rejected.map(({ body }) => JSON.parse(body) as unknown),
        )
      }),
      { numRuns: 80 },
    )
  })
})
