import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import * as fc from 'fast-check'
import { topics, type Recorded } from '@funnel/events'
import { gaps, happenings, record } from '@funnel/ledger/testing'
import { createFolder } from '../fold/folder.js'
import { createGeneration } from '../generation/generation.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { runs } from '../testing/runs.js'
import { batches, definitions, epoch } from '../testing/scene.js'
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
    for (const [list, between] of fc.sample(fc.tuple(happenings(40), gaps), runs(25, 30))) {
      const records = record(list, between)
      await store(records)
      const folder = createFolder(pool, await createGeneration(pool, { definitions, epoch, state: 'building' }))
      if (records.length) await folder.apply(batches(records)[0]!)
      for (const instant of instants(records)) {
        const numbers = await recount(pool, pool, folder.generation, instant)
        expect(numbers.map(({ number, fromLedger }) => [number, fromLedger])).toEqual(
          numbers.map(({ number, fromEvents }) => [number, fromEvents]),
        )
        for (const { number, fromEvents } of numbers) if (fromEvents) met.add(number.replace(/ [A-Z]{3}$/, ''))
      }
    }
    expect([...met].toSorted()).toEqual([
      'deals lost',
      'deals open',
      'deals opened',
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
      'leads won',
      'open pipeline in minor',
      'revenue in minor',
      'stage entries',
      'touches',
    ])
  })

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
