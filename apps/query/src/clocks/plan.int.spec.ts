import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { planned, type Planned } from '../testing/planned.js'
import { placeOf, planClocks, type ClockRow, type Selection } from './plan.js'

const CLOCKS = 20_000

describe('the statement of a page of clocks', () => {
  let held: Planned
  beforeAll(async () => {
    held = await planned(
      (schema) => `
      insert into ${schema}.clock
        select 'l' || n || '/response/e', 'response/e', 'response', 1, 'sales', 'l' || n, 'l' || n, 'o' || n % 50, null, 'running',
          '2026-01-01', timestamptz '2026-01-02' + n * interval '1 min', null, false, case when n % 10 > 0 then '2026-01-02'::timestamptz end
        from generate_series(1, ${CLOCKS}) n`,
    )
  })
  afterAll(() => held.drop())

  const all: Selection = { policies: [], parties: [], owners: [], teams: [], leads: [], overdue: false, over: false }
  /** How many rows of the table were read, and how. */
  const readFor = async (selection: Selection, after?: ReturnType<typeof placeOf>) => {
    const plan = (await held.explain(planClocks(held.generation, selection, after, 101))).join('\n')
    expect(plan).not.toContain('Seq Scan on clock')
    return Number(/Scan (?:using \w+ )?on (?:clock|clock_lead)\b.*actual.*rows=(\d+)/.exec(plan)![1])
  }

  it('reads as many as the page has, the first as well as a later one', async () => {
    expect(await readFor(all)).toBe(101)
    const { text, values } = planClocks(held.generation, all, undefined, 1000)
    const { rows } = await held.pool.query<ClockRow>(text, [...values])
    expect(await readFor(all, placeOf(rows.at(-1)!))).toBe(101)
  })

  it('of a lead reads its own', async () => {
    expect(await readFor({ ...all, leads: ['l7'], over: true })).toBe(1)
  })
})
