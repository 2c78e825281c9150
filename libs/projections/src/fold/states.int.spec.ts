import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { record } from '@funnel/ledger/testing'
import { createGeneration } from '../generation/generation.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { batches, definitions, epoch } from '../testing/scene.js'
import { createFolder } from './folder.js'
import { nodesOf } from './states.js'

describe('the states of nodes', () => {
  let database: ReadDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await readDatabase()
    pool = database.pool
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const building = () => createGeneration(pool, { definitions, epoch, state: 'building' })

  it('are saved anew only where more is another one than the facts, which have rows of their own', async () => {
    const generation = await building()
    const captured = { type: 'lead.captured', data: { lead: 'l' }, at: 1 } as const
    const entered = (stage: string, at: number) =>
      ({ type: 'lead.stage-entered', data: { lead: 'l', stage }, at }) as const
    const named = { type: 'lead.stage-entered', data: { lead: 'l', stage: 'sql', person: 'p' }, at: 4 } as const
    const saved = async () => {
      const { rows } = await pool.query<{ by: string }>(
        `select xmin::text by from ${generation.schema}.node where kind = 'lead'`,
      )
      return rows.map(({ by }) => by)
    }
    const versions: string[][] = []
    const folder = createFolder(pool, generation)
    for (const batch of batches(record([captured, entered('mql', 2), entered('sal', 3), named], [1]), [1])) {
      await folder.apply(batch)
      versions.push(await saved())
    }
    expect(versions[1]).toEqual(versions[0])
    expect(versions[2]).toEqual(versions[0])
    expect(versions[3]).not.toEqual(versions[0])
    const [lead] = await nodesOf(pool, generation.schema, [{ kind: 'lead', key: 'l' }])
    expect(lead!.node).toMatchObject({ facts: [{ at: 1 }, { at: 2 }, { at: 3 }, { at: 4 }], person: 'p' })
  })

  it.each([0, 20_000])(
    'are looked up one by one, also where nobody has counted the facts: %d of them',
    async (facts) => {
      const { schema } = await building()
      await pool.query(`alter table ${schema}.fact set (autovacuum_enabled = off)`)
      await pool.query(`alter table ${schema}.node set (autovacuum_enabled = off)`)
      await pool.query(
        `insert into ${schema}.fact select 2, 0, n, gen_random_uuid(), 'lead.captured', 'lead-' || n, 1, '/test', now(), now(), '{}', null, false
       from generate_series(1, $1::int) n`,
        [facts],
      )
      await pool.query(
        `insert into ${schema}.node select 'lead', n, '{"kind":"lead","won":{},"deals":[]}' from generate_series(1, $1::int) n`,
        [facts],
      )
      let asked: pg.QueryConfig | undefined
      const asking = {
        query: (query: pg.QueryConfig) => {
          asked = query
          return pool.query(query)
        },
      } as unknown as pg.Pool
      const refs = Array.from({ length: 5 }, (_, n) => ({ kind: 'lead', key: String(n + 1) }) as const)
      expect(await nodesOf(asking, schema, refs)).toHaveLength(Math.min(facts, 5))
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain ${asked!.text}`, asked!.values)
      expect(rows.map((row) => row['QUERY PLAN']).filter((line) => /Seq Scan on (fact|node)/.test(line))).toEqual([])
    },
  )
})
