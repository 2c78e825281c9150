import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { planned, type Planned } from '../testing/planned.js'
import { planJourney, type Subject } from './plan.js'

const PERSONS = 5000

describe('the statement of a journey', () => {
  let held: Planned
  beforeAll(async () => {
    held = await planned(
      (schema) => `
      insert into ${schema}.node
        select 'person', 'p' || n, json_build_object('account', 'a' || n % 1000, 'leads', json_build_array('l' || n),
          'touches', json_build_array(json_build_object('visitor', 'v' || n))) from generate_series(1, ${PERSONS}) n
        union all select 'lead', 'l' || n, json_build_object('deals', json_build_array('d' || n)) from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.lead (lead, person, properties, flags)
        select 'l' || n, 'p' || n, '{}', '{}' from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.deal (deal, lead, person, account, outcome, properties, flags)
        select 'd' || n, 'l' || n, 'p' || n, 'a' || n % 1000, 'open', '{}', '{}' from generate_series(1, ${PERSONS}) n;
      insert into ${schema}.fact
        select 1, n % 16, n / 16, gen_random_uuid(), 'touchpoint.recorded', 'visitor-v' || n % ${PERSONS} + 1, 1, '/test', now(), now(), '{}', null, false
        from generate_series(1, ${10 * PERSONS}) n`,
    )
  })
  afterAll(() => held.drop())

  it.each<Subject['kind']>(['person', 'account', 'lead', 'deal'])(
    'of a %s once read everything that is known of anybody: it looks up what belongs to it',
    async (kind) => {
      const nothing = { types: [], from: undefined, to: undefined }
      await held.pool.query('set plan_cache_mode = force_generic_plan')
      const plan = await held.explain(
        planJourney(held.generation, { kind, id: `${kind[0]}7` }, nothing, undefined, 101),
      )
      expect(plan.filter((line) => /Seq Scan on (fact|node|lead|deal)\b/.test(line))).toEqual([])
      const least = kind === 'account' ? 50 : 10
      expect(Number(/rows=(\d+)/.exec(plan[0]!.split('actual')[1]!)![1])).toBe(least)
    },
  )
})
