import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import * as fc from 'fast-check'
import { topics, type Recorded } from '@funnel/events'
import { changingHappenings, gaps, happenings, record } from '@funnel/ledger/testing'
import { syntheticLog } from '@funnel/testing'
import { createFolder } from '../fold/folder.js'
import { createGeneration } from '../generation/generation.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { runs } from '../testing/runs.js'
import { batches, definitions, epoch, recordAll } from '../testing/scene.js'
import { recount } from './recount.js'

// more runs than by default take their time
jest.setTimeout(600_000)

describe('the recount', () => {
  let database: ReadDatabase
  beforeAll(async () => {
    database = await readDatabase()
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  it('finds in the events, for every instant, the numbers that the ledger tells', async () => {
    const { pool } = database
    const met = new Set<string>()
    const months = new Set<string>()
    const owners = new Set<string>()
    for (const [list, between] of fc.sample(fc.tuple(happenings(40), gaps), runs(70, 33))) {
      const records = record(spread(list), between)
      await store(records)
      const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
      if (records.length) await folder.apply(batches(records)[0]!)
      for (const instant of instants(records)) {
        const numbers = await recount(pool, pool, folder.generation, instant)
        expect(numbers.map(({ number, month, owner, fromLedger }) => [number, month, owner, fromLedger])).toEqual(
          numbers.map(({ number, month, owner, fromEvents }) => [number, month, owner, fromEvents]),
        )
        for (const { number, month, owner, fromEvents } of numbers) {
          if (owner !== undefined) owners.add(`${number} ${owner}`)
          if (fromEvents) met.add(number.replace(/ [A-Z]{3}$/, ''))
          months.add(month)
        }
      }
    }
    expect(owners).toContain('handoff.rejected o1')
    expect(owners).toContain('handoff.accepted o2')
    expect(owners).toContain('sla.missed o1')
    expect([...months].toSorted()).toEqual(['2025-12', '2026-01'])
    expect([...met].toSorted()).toEqual([
      'conversions captured>mql',
      'conversions captured>won',
      'conversions mql>sql',
      'conversions sql>won',
      'deals lost',
      'deals opened',
      'deals that stand open',
      'deals that stand won',
      'deals won',
      'handoff.accepted',
      'handoff.expired',
      'handoff.offered',
      'handoff.rejected',
      'handoff.withdrawn',
      'lead.disqualified',
      'lead.qualified',
      'leads',
      'leads in a stage for the first time',
      'leads in a stage for the last time',
      'leads in mql',
      'leads in nowhere',
      'leads in opportunity',
      'leads in sal',
      'leads in sql',
      'leads recycled',
      'open pipeline in minor',
      'promises open',
      'promises overdue',
      'revenue in minor',
      'sla.answered',
      'sla.cancelled',
      'sla.late',
      'sla.met',
      'sla.missed',
      'sla.started',
      'stage entries',
      'touches',
    ])
  })

  it('(row 8) finds them where the funnel is changed in between as well, and misses a change that is not in the log', async () => {
    const { pool } = database
    let missed = 0
    for (const [list, between] of fc.sample(fc.tuple(changingHappenings(120), gaps), runs(40, 32))) {
      const ofLeads = list.filter(
        ({ type, data }) => type.startsWith('lead.') || data['definition'] === 'funnel/funnel',
      )
      const records = record(ofLeads, between)
      await store(records)
      const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
      if (records.length) await folder.apply(batches(records)[0]!)
      const wrongAt = async (instant: number) =>
        (await recount(pool, pool, folder.generation, instant)).filter(
          ({ fromEvents, fromLedger }) => fromEvents !== fromLedger,
        )
      for (const instant of instants(records)) expect(await wrongAt(instant)).toEqual([])
      await pool.query('delete from store.event where topic = $1', [topics.definitions.id])
      missed += (await wrongAt(records.at(-1)?.recorded ?? 0)).length
    }
    expect(missed).toBeGreaterThan(5)
  })

  it('(row 8) counts by the funnel that was in force at the first business event, though one was set up later and dated earlier', async () => {
    const { pool } = database
    const { funnel } = definitions
    const turned = { ...funnel, stages: funnel.stages.toReversed() }
    const apply = (content: typeof funnel, ahead: number) => ({
      type: 'definition.applied' as const,
      data: { definition: 'funnel/funnel', content, ahead },
      at: 0,
    })
    const records = record(
      [
        apply(funnel, 0),
        apply(turned, 5),
        apply(funnel, 0),
        { type: 'lead.stage-entered', data: { lead: 'l', stage: 'sql' }, at: 1 },
        { type: 'lead.stage-entered', data: { lead: 'l', stage: 'mql' }, at: 2 },
      ],
      [1, 1, 1, 10],
    )
    await store(records)
    const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
    await folder.apply(batches(records)[0]!)
    const numbers = await recount(pool, pool, folder.generation, records.at(-1)!.recorded)
    expect(numbers.filter(({ fromEvents, fromLedger }) => fromEvents !== fromLedger)).toEqual([])
    // by the turned one it went forward
    expect(numbers.map(({ number }) => number)).not.toContain('leads recycled')
  })

  it('finds what is booked in another month than it happened in, though the whole is right', async () => {
    const { pool } = database
    const records = recordAll([...syntheticLog(300, { seed: 31 })])
    await store(records)
    const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
    await folder.apply(batches(records)[0]!)
    const { generation } = folder
    const wrong = async () =>
      (await recount(pool, pool, generation, generation.w!)).filter(
        ({ fromEvents, fromLedger }) => fromEvents !== fromLedger,
      )
    expect(await wrong()).toEqual([])
    await pool.query(
      `update ${generation.schema}.entry set occurred_at = occurred_at - interval '1 year'
       where ctid = (select ctid from ${generation.schema}.entry where measure = 'lead.captured' limit 1)`,
    )
    const found = await wrong()
    expect(found.map(({ number, fromEvents, fromLedger }) => [number, fromLedger - fromEvents])).toEqual([
      ['leads', 1],
      ['leads', -1],
    ])
  })

  it('counts what is dated after the year 9999, as could once be recorded, when it was recorded', async () => {
    const { pool } = database
    const records = record(
      [
        { type: 'lead.captured', data: { lead: 'l1' }, at: Date.UTC(10_000, 0) },
        { type: 'deal.opened', data: { deal: 'd1' }, at: Date.UTC(9999, 11, 31) },
      ],
      [1],
    )
    expect(records[0]!.event.time).toBe('+010000-01-01T00:00:00.000Z')
    await store(records)
    const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
    await folder.apply(batches(records)[0]!)
    const numbers = await recount(pool, pool, folder.generation, records[1]!.recorded)
    for (const number of ['leads', 'deals opened'])
      expect(numbers).toContainEqual({ number, month: '2026-01', fromEvents: 1, fromLedger: 1 })
    expect(numbers.filter(({ fromEvents, fromLedger }) => fromEvents !== fromLedger)).toEqual([])
  })

  /** The happenings over some weeks of two months; those that lie in the future when they are recorded count as then. */
  const spread = (list: Parameters<typeof record>[0]) => {
    const begin = Date.UTC(2026, 0, 1)
    return list.map((one) => ({ ...one, at: begin + (one.at - begin - 100_000_000) * 15 }))
  }

  /** A few instants of a log, its last among them. */
  const instants = (records: readonly Recorded[]) => {
    const all = [...new Set(records.map(({ recorded }) => recorded))]
    return all.filter((_, i) => (all.length - 1 - i) % 4 === 0)
  }

  const store = async (records: readonly Recorded[]) => {
    await database.pool.query('truncate store.event')
    await database.pool.query(
      `insert into store.event (topic, partition, position, stream, version, id, type, recorded_at, hash, envelope)
       select r.topic, r.partition, r.position, r.stream, r.version, (r.event->>'id')::uuid, r.event->>'type', to_timestamp(r.recorded / 1000.0), '', r.event
       from json_to_recordset($1) r (topic smallint, partition smallint, position bigint, stream text, version int, recorded numeric, event jsonb)`,
      [JSON.stringify(records.map((one) => ({ ...one, topic: topics[one.topic].id })))],
    )
  }
})
