import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { planned, type Planned } from '../testing/planned.js'
import { planClaims } from './plan.js'

const LEADS = 5000

describe('the statement of claims', () => {
  let held: Planned
  beforeAll(async () => {
    held = await planned(
      (schema) => `
      insert into ${schema}.node
        select 'person', 'p' || n, json_build_object('touches', json_build_array(json_build_object('visitor', 'v' || n)))
          from generate_series(1, ${LEADS}) n
        union all select 'lead', 'l' || n, json_build_object('deals', json_build_array('d' || n))
          from generate_series(1, ${LEADS}) n
        union all select 'deal', 'd' || n, '{}' from generate_series(1, ${LEADS}) n;
      insert into ${schema}.fact
        select 1, n % 16, n / 16, gen_random_uuid(), 'touchpoint.recorded', 'visitor-v' || n % ${LEADS} + 1, 1, '/test', now(), now(), '{}', null::bigint, false
          from generate_series(1, ${10 * LEADS}) n
        union all select 2, n % 16, n / 16, gen_random_uuid(), 'lead.captured', 'lead-l' || n, 1, '/test', now(), now(),
          json_build_object('lead', 'l' || n, 'person', 'p' || n), null, false from generate_series(1, ${LEADS}) n
        union all select 3, n % 16, n / 16, gen_random_uuid(), 'deal.opened', 'deal-d' || n, 1, '/test', now(), now(),
          json_build_object('deal', 'd' || n, 'lead', 'l' || n), null, false from generate_series(1, ${LEADS}) n`,
    )
  })
  afterAll(() => held.drop())

  it.each(['lead', 'deal'] as const)(
    'on a %s once read everything that is known of anybody: it looks up what belongs to it',
    async (kind) => {
      await held.pool.query('set plan_cache_mode = force_generic_plan')
      const plan = await held.explain(planClaims(held.generation, { kind, id: `${kind[0]}7` }, undefined, 101))
      expect(plan.filter((line) => /Seq Scan on (fact|node)\b/.test(line))).toEqual([])
      // ten touches, the lead and the deal
      expect(Number(/rows=(\d+)/.exec(plan[0]!.split('actual')[1]!)![1])).toBe(12)
    },
  )
})
