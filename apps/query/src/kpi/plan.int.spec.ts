import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadDefinitions } from '@funnel/definitions'
import { plan, planEntries, planTotal, type Question, type Statement } from '@funnel/ledger'
import { generationOf, seal } from '@funnel/projections'
import { planned, type Planned } from '../testing/planned.js'

/** Of each kind; one in 400 on each of 400 days. */
const ENTRIES = 20_000
const W = Date.UTC(2026, 0, 1)
const at = (text: string) => Date.parse(text)

describe('the statement of a question', () => {
  let held: Planned
  let rolled: readonly string[]
  beforeAll(async () => {
    const day = (n: string) =>
      `timestamptz '2026-01-01' - (400 - ${n} % 400) * interval '1 day' + ${n} % 1000 * interval '1 min'`
    const entry = (schema: string, columns: string) =>
      `insert into ${schema}.entry select 2, 1, n, 0, ${columns}, n % 50 from generate_series(1, ${ENTRIES}) n;`
    held = await planned(
      (schema) => `
      insert into ${schema}.dims select n, jsonb_build_object('channel', 'c' || n % 10) from generate_series(0, 49) n;
      ${entry(schema, `'stage.first', 1, null, ${day('n')}, ${day('n')}, null, null, 'lead', 'l' || n, 'mql'`)}
      ${entry(schema, `'converted', 1, null, ${day('n')} + interval '5 days', ${day('n')} + interval '5 days', ${day('n')}, 86400 + n % 1000 * 1800, 'lead', 'l' || n, 'mql>sql'`)}
      ${entry(schema, `'deal.open.value', 100, 'EUR', ${day('n')}, ${day('n')}, null, null, 'deal', 'd' || n, 'offer'`)}
      update read.generation set w = '2026-01-06'`,
    )
    const generation = await generationOf(held.pool, held.generation)
    rolled = generation.rolled
    await seal(held.pool, generation, { size: 1000 })
    await held.pool.query('vacuum (analyze)') // what an index holds is read from it alone then
  })
  afterAll(() => held.drop())

  const kpi = (id: string) => loadDefinitions().kpis.find((one) => one.id === id)!
  const cut = () => ({ generation: held.generation, rolled })
  const question = (id: string, more: Partial<Question> = {}): Question => ({ kpi: id, by: [], filters: [], ...more })
  const answered = (id: string, more: Partial<Question>) => plan(question(id, more), kpi(id), cut())

  /** How many entries a statement looks at, whether they count or not, and its plan. */
  const looking = async (statement: Statement) => {
    const lines = await held.explain(statement)
    let entries = 0
    for (const [index, line] of lines.entries()) {
      const scan = /Scan.* on entry\b.*actual.*rows=([\d.]+) loops=(\d+)/.exec(line)
      if (!scan) continue
      const depth = line.search(/\S/)
      const rest = lines.slice(index + 1)
      const own = rest.slice(
        0,
        rest.findIndex((next) => next.search(/\S/) <= depth || next.includes('->')),
      )
      const removed = own.flatMap((next) => /Rows Removed by \w+(?: \w+)*: (\d+)/.exec(next)?.[1] ?? [])
      entries += (Number(scan[1]) + removed.reduce((sum, n) => sum + Number(n), 0)) * Number(scan[2])
    }
    return { entries, plan: lines.join('\n') }
  }

  it.each([
    ['conversions from an instant within a day on', 'mql-to-sql', { from: at('2025-03-01T10:00:00Z') }],
    ['money that stands at an instant within a day', 'open-pipeline', { asOf: at('2025-09-01T12:00:00Z') }],
    ['the same by a dimension', 'open-pipeline', { asOf: at('2025-09-01T12:00:00Z'), by: ['channel'] }],
  ])('looks at few entries for %s', async (_, id, more) => {
    const { entries } = await looking(answered(id, more))
    expect(entries).toBeGreaterThan(0)
    expect(entries).toBeLessThan(ENTRIES / 10)
  })

  it('looks at few entries for the first page of what changed in a conversion', async () => {
    const known = { generation: held.generation, knownAt: at('2025-12-02T10:00:00Z') }
    const since = { kind: 'known', after: at('2025-11-30T10:00:00Z') } as const
    const { entries } = await looking(
      planEntries(question('mql-to-sql'), kpi('mql-to-sql'), known, since, undefined, 101),
    )
    expect(entries).toBeGreaterThan(0)
    expect(entries).toBeLessThan(ENTRIES / 10)
  })

  it.each(['mql-to-sql', 'open-pipeline'])('looks at few entries for the total of an explanation of %s', async (id) => {
    const known = { ...cut(), knownAt: W }
    const asked = question(id, { by: ['channel'], bucket: 'month' })
    const cell = { values: ['c1'], bucketStart: at('2025-06-01') }
    const { entries } = await looking(planTotal(asked, kpi(id), known, 'numerator', cell))
    expect(entries).toBeLessThan(ENTRIES / 10)
  })

  it.each([
    ['over all', {}],
    ['by a dimension', { by: ['channel'] }],
    ['of one value', { filters: [{ dimension: 'channel', values: ['c1'], none: false }] }],
  ])(
    'looks for a percentile %s at the durations of the classes that it lies in, and at nothing but an index',
    async (_, more) => {
      const cycle = {
        ...kpi('lead-cycle-median'),
        formula: { elapsed: { measure: 'converted', where: { stage: 'mql>sql' }, stat: 'median' } },
      } as const
      const { entries, plan: lines } = await looking(plan(question(cycle.id, more), cycle, cut()))
      expect(entries).toBeGreaterThan(0)
      expect(entries).toBeLessThan(ENTRIES / 4)
      expect(lines).toContain('Index Only Scan using entry_elapsed on entry')
    },
  )
})
