import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import { createPool } from '@funnel/platform'
import { createGeneration, migrateRead, type Generation } from '@funnel/projections'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { placeOf, planClocks, type ClockRow, type Selection } from './plan.js'

const CLOCKS = 20_000

describe('the statement of a page of clocks', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let generation: Generation
  beforeAll(async () => {
    database = await testDatabase()
    await migrateRead(database.url)
    pool = createPool(database.url, 'test', 1)
    const epoch = '00000000-0000-4000-8000-000000000000'
    generation = await createGeneration(pool, { definitions: loadDefinitions(), epoch, state: 'live' })
    await pool.query(`
      insert into ${generation.schema}.clock
        select 'l' || n || '/response/e', 'response/e', 'response', 1, 'sales', 'l' || n, 'l' || n, 'o' || n % 50, null, 'running',
          '2026-01-01', timestamptz '2026-01-02' + n * interval '1 min', null, false, case when n % 10 > 0 then '2026-01-02'::timestamptz end
        from generate_series(1, ${CLOCKS}) n;
      analyze`)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  const all: Selection = { policies: [], parties: [], owners: [], teams: [], leads: [], overdue: false, over: false }
  /** How many rows of the table were read, and how. */
  const readFor = async (selection: Selection, after?: ReturnType<typeof placeOf>) => {
    const { text, values } = planClocks(generation.id, selection, after, 101)
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze) ${text}`, [...values])
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).not.toContain('Seq Scan on clock')
    return Number(/Scan (?:using \w+ )?on (?:clock|clock_lead)\b.*actual.*rows=(\d+)/.exec(plan)![1])
  }

  it('reads as many as the page has, the first as well as a later one', async () => {
    expect(await readFor(all)).toBe(101)
    const { text, values } = planClocks(generation.id, all, undefined, 1000)
    const { rows } = await pool.query<ClockRow>(text, [...values])
    expect(await readFor(all, placeOf(rows.at(-1)!))).toBe(101)
  })

  it('of a lead reads its own', async () => {
    expect(await readFor({ ...all, leads: ['l7'], over: true })).toBe(1)
  })
})
