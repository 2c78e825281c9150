import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import { createPool } from '@funnel/platform'
import { createGeneration, migrateRead, type Generation } from '@funnel/projections'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { planJourney, type Subject } from './plan.js'

const PERSONS = 5000

describe('the statement of a journey', () => {
  let database: TestDatabase
  let pool: pg.Pool
  let generation: Generation
  beforeAll(async () => {
    database = await testDatabase()
    await migrateRead(database.url)
    pool = createPool(database.url, 'test', 1)
    const epoch = '00000000-0000-4000-8000-000000000000'
    generation = await createGeneration(pool, { definitions: loadDefinitions(), epoch, state: 'live' })
    const { schema } = generation
    await pool.query(`
      insert into ${schema}.node
        select 'person', 'p' || n, json_build_object('account', 'a' || n % 1000, 'leads', json_build_array('l' || n),
          'touches', json_build_array(json_build_object('visitor', 'v' || n))) from generate_series(1, ${PERSONS}) n
        union all select 'lead', 'l' || n, json_build_object('deals', json_build_array('d' || n)) from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.lead (lead, person, properties, flags)
        select 'l' || n, 'p' || n, '{}', '{}' from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.deal (deal, lead, person, account, outcome, properties, flags)
        select 'd' || n, 'l' || n, 'p' || n, 'a' || n % 1000, 'open', '{}', '{}' from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.fact
        select 1, n % 16, n / 16, gen_random_uuid(), 'touchpoint.recorded', 'visitor-v' || n % ${PERSONS} + 1, 1, '/test', now(), now(), '{}'
        from generate_series(1, ${10 * PERSONS}) n;
      analyze`)
  })
  afterAll(async () => {
    await pool.end()
    await database.drop()
  })

  it.each<Subject['kind']>(['person', 'account', 'lead', 'deal'])(
    'of a %s once read everything that is known of anybody: it looks up what belongs to it',
    async (kind) => {
      const nothing = { types: [], from: undefined, to: undefined }
      const { text, values } = planJourney(generation.id, { kind, id: `${kind[0]}7` }, nothing, undefined, 101)
      await pool.query('set plan_cache_mode = force_generic_plan')
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain (analyze) ${text}`, [...values])
      const plan = rows.map((row) => row['QUERY PLAN'])
      expect(plan.filter((line) => /Seq Scan on (fact|node|lead|deal)\b/.test(line))).toEqual([])
      const least = kind === 'account' ? 50 : 10
      expect(Number(/rows=(\d+)/.exec(plan[0]!.split('actual')[1]!)![1])).toBe(least)
    },
  )
})
