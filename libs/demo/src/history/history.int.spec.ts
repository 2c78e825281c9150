import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { always, defaultDefinitions, loadAllDefinitions } from '@funnel/definitions'
import { advance, type Recorded } from '@funnel/events'
import { advanceHead, postgresEventTail } from '@funnel/event-log'
import { fillWithHistory, migrateStore, openEventStore, simulatedUntil, type EventStore } from '@funnel/event-store'
import { answer, asked, plan, type AnswerRow, type Question } from '@funnel/ledger'
import { createPool } from '@funnel/platform'
import { createFolder, createGeneration, migrateRead, type Generation } from '@funnel/projections'
import { automation, catchUp, executor, keepOf, migrateReactor } from '@funnel/reactor'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { demoDefinitions } from '../definitions.js'
import { playHistory } from './history.js'

const DAY = 86_400_000
const definitions = loadAllDefinitions([defaultDefinitions, demoDefinitions])
/** A third of the usual size. */
const small = { name: 'a', seed: 1, visitsPerDay: 15, definitions }

describe('a store that begins with the history of the demo', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let store: EventStore
  beforeEach(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    pool = createPool(database.url, 'test', 4)
    store = await openEventStore({ url: database.url })
  })
  afterEach(async () => {
    await store.close()
    await pool.end()
    await database.drop()
  })

  /** Folds records into read models of their own, which are complete to `w`. */
  const folded = async (records: readonly Recorded[], w = records.at(-1)!.recorded): Promise<Generation> => {
    const generation = await createGeneration(pool, {
      definitions,
      epoch: '00000000-0000-4000-8000-000000000000',
      state: 'building',
    })
    await createFolder(pool, generation).apply({ events: records, positions: advance({}, records), w })
    return generation
  }
  const ask = async ({ id, rolled }: Generation, question: Question) => {
    const kpi = asked(question, definitions)
    const { name, text, values } = plan(question, kpi, { generation: id, knownAt: question.knownAt, rolled })
    const { rows } = await pool.query<AnswerRow>({ name, text, values: [...values] })
    return answer(question, kpi, rows).rows.map(({ bucketStart, values, cell }) => ({ bucketStart, values, cell }))
  }

  it('answers as it would have 30 days before its end: as read models folded from what was recorded by then', async () => {
    await migrateRead(database.url)
    const until = Date.now() - 1000
    const { records } = await playHistory({ ...small, at: until - 90 * DAY, until })
    const knownAt = until - 30 * DAY
    const all = await folded(records)
    // windows end between the last record and that instant as well
    const then = await folded(
      records.filter(({ recorded }) => recorded <= knownAt),
      knownAt,
    )
    const closed = { from: until - 60 * DAY, to: until - 32 * DAY }
    for (const question of [
      { kpi: 'leads', by: ['channel'], filters: [] },
      { kpi: 'leads', by: [], filters: [], ...closed },
      { kpi: 'handoffs-offered', by: ['origin'], filters: [], bucket: 'week' },
      { kpi: 'acceptance-rate', by: ['campaign'], filters: [] },
      { kpi: 'handoffs-rejected', by: [], filters: [] },
      { kpi: 'handoffs-expired', by: [], filters: [] },
      { kpi: 'win-rate', by: ['owner'], filters: [] },
      { kpi: 'won-revenue', by: ['segment'], filters: [] },
      { kpi: 'open-pipeline', by: [], filters: [] },
      { kpi: 'mql-to-sql', by: [], filters: [] },
      { kpi: 'sales-cycle-median', by: [], filters: [] },
    ] satisfies Question[]) {
      const asOfThen = await ask(all, { ...question, knownAt })
      expect(asOfThen).toEqual(await ask(then, question))
      expect(asOfThen.length).toBeGreaterThan(0)
      if (!('from' in question)) expect(asOfThen).not.toEqual(await ask(all, question))
    }
  })

  it('tells more of a closed period later: what happened then and was not known yet', async () => {
    await migrateRead(database.url)
    const until = Date.now() - 1000
    const { records } = await playHistory({ ...small, at: until - 30 * DAY, until })
    const all = await folded(records)
    // the badges of a trade show are read in on the next day
    const late = records.filter(
      ({ event, recorded }) => event.type === 'lead.captured' && recorded - Date.parse(event.time) > DAY / 4,
    )
    const knownAt = late[0]!.recorded - 1
    const to = Math.max(...late.map(({ event }) => Date.parse(event.time))) + 1
    const question: Question = { kpi: 'leads', by: [], filters: [], to }
    const [before] = await ask(all, { ...question, knownAt })
    const [after] = await ask(all, question)
    const count = (row: typeof before) => (row!.cell.numerator as { readonly count: number }).count
    expect(count(after) - count(before)).toBe(late.length)
  })

  it('is taken in by automation without a word, which then goes on: what was open at the end expires, once', async () => {
    await migrateReactor(database.url)
    // the same weeks whenever this is run: in others nobody may have let an offer expire
    const at = Date.parse('2026-03-02T08:00Z')
    const options = { ...small, at }
    const whole = await playHistory({ ...options, until: at + 30 * DAY })
    // of a queue: an offer that somebody made by hand may fall back to whoever has the lead
    const released = new Set(whole.records.map(({ event }) => event.type === 'queue.released' && event.causationid))
    const due = whole.records.findLast(
      ({ event }) => event.type === 'handoff.expired' && released.has(event.id),
    )!.recorded
    const { records } = await playHistory({ ...options, until: due - 1000 })
    const handoffs = (list: readonly Recorded[], ...types: string[]) =>
      new Set(
        list
          .filter(({ event }) => types.includes(event.type))
          .map(({ event }) => (event.data as { handoff: string }).handoff),
      )
    const open = handoffs(records, 'handoff.offered').difference(
      handoffs(records, 'handoff.accepted', 'handoff.rejected', 'handoff.expired'),
    )
    expect(open.size).toBeGreaterThan(0)

    await fillWithHistory(pool, records)
    const simulated = await simulatedUntil(pool)
    expect(simulated).toBe(Math.max(...records.map(({ recorded }) => recorded)))
    const tail = postgresEventTail(pool)
    const { execute, staff } = executor(store, always(definitions))
    await staff()
    for (const _ of ['at its first start', 'at a later one']) {
      const keep = await keepOf<never>(pool, 'automation', await advanceHead(pool), simulated)
      await catchUp({ reactor: automation(definitions), keep, execute }, tail, () => advanceHead(pool))
      const all = await tail.read({}, (await tail.heads()).positions, 1e6)
      const news = all.slice(records.length)
      expect(all.slice(0, records.length)).toEqual(records)
      expect(handoffs(news, 'handoff.expired')).toEqual(open)
      expect(new Set(news.map(({ event }) => event.type))).toEqual(
        new Set(['handoff.expired', 'lead.assigned', 'queue.released']),
      )
      expect(news.filter(({ event }) => event.type === 'handoff.expired')).toHaveLength(open.size)
    }
  })
})
