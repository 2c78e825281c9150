import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type pg from 'pg'
import * as fc from 'fast-check'
import type { Definitions, Kpi } from '@funnel/definitions'
import type { Instant, Recorded } from '@funnel/events'
import {
  answer,
  asked,
  plan,
  planFromEntries,
  tookIs,
  tookOf,
  unrolled,
  type Answer,
  type AnswerRow,
  type Question,
} from '@funnel/ledger'
import { happenings, record } from '@funnel/ledger/testing'
import { syntheticLog } from '@funnel/testing'
import { createFolder } from '../fold/folder.js'
import { createGeneration, generationOf, type Generation } from '../generation/generation.js'
import { failing } from '../testing/cut.js'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { runs } from '../testing/runs.js'
import { rebuild } from '../rebuild/rebuild.js'
import { batches, definitions as shipped, epoch, recordAll, tailOf } from '../testing/scene.js'
import { Recent } from './recent.js'
import { seal } from './seal.js'
import { wrongSlices } from './check.js'

// more runs than by default take their time
jest.setTimeout(600_000)

const DAY = 86_400_000
const kpiOf = (id: string, formula: Kpi['formula']): Kpi => ({ ...shipped.kpis[0]!, id, formula })
/** The shipped KPIs and some that try the edges of what is added up. */
const definitions: Definitions = {
  ...shipped,
  kpis: [
    ...shipped.kpis,
    kpiOf('within-14', { conversion: { from: 'mql', to: 'sql', window: '14d' } }),
    kpiOf('within-10', { conversion: { from: 'mql', to: 'sql', window: '10d' } }),
    kpiOf('in-stage', { stock: { measure: 'lead.in-stage' } }),
    kpiOf('conversions', { sum: { measure: 'converted' } }),
    kpiOf('opened-value', { sum: { measure: 'deal.opened.value' } }),
    kpiOf('closed', { sum: { measures: ['deal.won', 'deal.lost'] } }),
    kpiOf('lost-for-won', {
      ratio: { numerator: { measure: 'deal.lost.value' }, denominator: { measure: 'deal.won.value' } },
    }),
    kpiOf('lost-mean', { elapsed: { measure: 'deal.lost', stat: 'mean' } }),
    kpiOf('closed-mean', { elapsed: { measures: ['deal.won', 'deal.lost'], stat: 'mean' } }),
    kpiOf('closed-median', { elapsed: { measures: ['deal.won', 'deal.lost'], stat: 'median' } }),
    kpiOf('late-p90', { elapsed: { measure: 'sla.late', stat: 'p90' } }),
    kpiOf('late-mean', { elapsed: { measure: 'sla.late', stat: 'mean' } }),
    kpiOf('mean-won', { ratio: { numerator: { measure: 'deal.won.value' }, denominator: { measure: 'deal.won' } } }),
  ],
}
/** Times of the random logs: what happened within three days is recorded within some weeks after. */
const HAPPENED = Date.UTC(2026, 0, 1)
const instant = (from: number, days: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: days }), fc.constantFrom(0, 0, 1, DAY / 3, DAY - 1))
    .map(([day, within]): Instant => HAPPENED + (from + day) * DAY + within)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const hours = fc.array(fc.constantFrom(0, 0, 1, 5 * 3_600_000, 17 * 3_600_000), { minLength: 1, maxLength: 12 })
/** Those with the most to get wrong are asked the most. */
const kpis =
  `within-14 within-14 within-14 open-pipeline open-pipeline open-pipeline won-revenue lost-for-won leads stage-entries
  deals-open in-stage win-rate closed conversions lead-to-won opened-value within-10 mean-won sales-cycle-median sales-cycle-median sales-cycle-p90 sales-cycle-p90 closed-median closed-median closed-median late-p90
  sales-cycle-mean sales-cycle-mean lead-cycle-mean lost-mean closed-mean
  sla-compliance sla-compliance sla-overdue sla-overdue sla-overdue late-mean`.split(/\s+/)
const dimensions = ['stage', ...definitions.dimensions.map(({ id }) => id)]
const values = ['c1', 'c2', 'a1', 'o1', 'web', '', 'unknown', 'big', 'mql', 'sql', 's1', 'mql>sql']
const question: fc.Arbitrary<Question> = fc
  .record({
    kpi: fc.constantFrom(...kpis).map((asked) => definitions.kpis.find(({ id }) => id === asked)!),
    bucket: fc.constantFrom(undefined, 'day', 'week', 'month'),
    period: fc.oneof(
      { weight: 2, arbitrary: fc.tuple(maybe(instant(-1, 4)), maybe(instant(0, 4))) },
      { weight: 1, arbitrary: fc.constant([undefined, undefined] as const) },
    ),
    asOf: fc.option(instant(0, 4), { nil: undefined, freq: 2 }),
    knownAt: fc.option(instant(12, 18), { nil: undefined, freq: 4 }),
    by: fc.oneof(
      fc.constant<string[]>([]),
      fc.constantFrom(...dimensions).map((dimension) => [dimension]),
      fc.subarray(dimensions, { maxLength: 2 }),
    ),
    filter: fc.option(
      fc.record({
        own: fc.boolean(),
        dimension: fc.constantFrom(...dimensions),
        values: fc.subarray(values),
        none: fc.boolean(),
      }),
      { freq: 2 },
    ),
  })
  .map(({ kpi, period: [a, b], by, filter, ...rest }): Question => {
    const timed = 'conversion' in kpi.formula || 'elapsed' in kpi.formula
    const [from, to] = a !== undefined && b !== undefined && a >= b ? [undefined, b] : [a, b]
    const dimension = filter?.own ? (by[0] ?? filter.dimension) : filter?.dimension
    return {
      ...rest,
      kpi: kpi.id,
      from,
      to,
      by: by.filter((one) => !timed || one !== 'stage'),
      filters:
        filter && dimension !== undefined && (filter.none || filter.values.length) && !(timed && dimension === 'stage')
          ? [{ dimension, values: filter.values, none: filter.none }]
          : [],
    }
  })

/** The question about what happened so much later. */
const later = (question: Question, by: number): Question => {
  const moved = (at: Instant | undefined) => (at === undefined ? undefined : at + by)
  const { from, to, asOf, knownAt } = question
  return { ...question, from: moved(from), to: moved(to), asOf: moved(asOf), knownAt: moved(knownAt) }
}

describe('rolls', () => {
  let database: ReadDatabase
  let pool: pg.Pool
  beforeAll(async () => {
    database = await readDatabase()
    pool = database.pool
  })
  afterEach(() => database.clear())
  afterAll(() => database.drop())

  const live = () => createGeneration(pool, { definitions, epoch, state: 'live' })

  const ask = async (
    planned: typeof plan,
    one: Question,
    { id, rolled }: Generation,
    under = definitions,
  ): Promise<Answer['rows']> => {
    const kpi = asked(one, under)
    const { text, values } = planned(one, kpi, { generation: id, knownAt: one.knownAt, rolled })
    const { rows } = await pool.query<AnswerRow>(text, [...values])
    return answer(one, kpi, rows).rows
  }
  /** Seals what was folded as the projector does, or reads it back as one that was started again. */
  const foldSealing = async (records: readonly Recorded[], size: number, generation: Generation, readBack = false) => {
    const folder = createFolder(pool, generation)
    const recent = new Recent(generation.rolled, size, generation.w)
    for (const batch of batches(records, [13])) {
      const { entries } = await folder.apply(batch)
      recent.saved(entries, folder.generation.w!)
      await seal(pool, generation, { size, fan: 4, ...(readBack ? {} : { recent }) })
    }
  }
  const slicesOf = async ({ schema }: Generation) =>
    (
      await pool.query<{ level: number; n: number; ends: number }>(
        `select level, count(*) n, sum(extract(epoch from known_to))::float8 ends from ${schema}.slice group by 1 order by 1`,
      )
    ).rows

  it('give every answer that the entries give, for any log, slices, question and time of knowing', async () => {
    const tally = { logs: 0, sealed: 0, questions: 0, rolled: 0, told: 0 }
    const told = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        happenings(60).filter(({ length }) => length > 20),
        hours,
        fc.constantFrom(2, 5, 15),
        fc.array(question, { minLength: 70, maxLength: 70 }),
        fc.constantFrom(0, 29 * DAY), // within a month, and over its end
        fc.boolean(),
        async (list, between, size, questions, by, readBack) => {
          const generation = await live()
          const moved = list.map((happening) => ({ ...happening, at: happening.at + by }))
          await foldSealing(record(moved, between), size, generation, readBack)
          expect(await wrongSlices(pool, generation)).toEqual([])
          tally.logs++
          if ((await slicesOf(generation)).length) tally.sealed++
          for (const asking of questions) {
            const one = later(asking, by)
            const kpi = asked(one, definitions)
            const cut = { generation: generation.id, knownAt: one.knownAt, rolled: generation.rolled }
            const rolled = plan(one, kpi, cut).text !== planFromEntries(one, kpi, cut).text
            const rows = await ask(plan, one, generation)
            expect([one, rows]).toEqual([one, await ask(planFromEntries, one, generation)])
            tally.questions++
            if (!rolled) continue
            tally.rolled++
            if (!rows.some(({ cell }) => cell.sampleSize > 0)) continue
            tally.told++
            told.add(one.kpi)
          }
          await database.clear()
        },
      ),
      { ...runs(44), endOnFailure: true },
    )
    // the rolls were asked, and had something to tell of every kind
    expect(tally.sealed).toBeGreaterThan(tally.logs * 0.9)
    expect(tally.rolled).toBeGreaterThan(tally.questions / 3)
    expect(tally.told).toBeGreaterThan(300)
    for (const id of [
      'leads',
      'win-rate',
      'won-revenue',
      'open-pipeline',
      'deals-open',
      'lead-to-won',
      'within-14',
      'sales-cycle-mean',
      'sales-cycle-median',
      'sales-cycle-p90',
      'closed-median',
      'sla-compliance',
      'sla-overdue',
    ])
      expect(told).toContain(id)
  })

  it('give the percentiles by a dimension that the entries give, over whole months and over what is cut of others', async () => {
    const [begin, days] = [Date.UTC(2025, 8, 20), 100] // before they are recorded, so that no time is moved
    const generation = await live()
    const log = recordAll([...syntheticLog(3000, { seed: 25, days, end: begin + days * DAY })])
    await foldSealing(log, 100, generation)
    const within = fc.integer({ min: -5, max: days + 5 }).map((day) => begin + day * DAY)
    const cuts = fc.oneof(
      within,
      within.map((at) => at + DAY / 3),
      fc.constantFrom(...[0, 1, 2].map((m) => Date.UTC(2025, 9 + m))),
    )
    const questions = fc.record({
      kpi: fc.constantFrom('sales-cycle-median', 'sales-cycle-p90', 'lead-cycle-median'),
      bucket: fc.constantFrom(undefined, undefined, 'week', 'month', 'quarter'),
      from: maybe(cuts),
      to: maybe(cuts),
      asOf: fc.option(cuts, { nil: undefined, freq: 1 }),
      knownAt: maybe(fc.nat(2999).map((n) => log[n]!.recorded)),
      by: fc.constantFrom(['channel'], ['owner'], []),
      filters: fc.constantFrom([], [], [{ dimension: 'channel', values: ['email', 'organic_search'], none: true }]),
    }) satisfies fc.Arbitrary<Question>
    let told = 0
    const byDimension = new Set<string>()
    await fc.assert(
      fc.asyncProperty(questions, async (one) => {
        fc.pre(one.from === undefined || one.to === undefined || one.from < one.to)
        const kpi = asked(one, definitions)
        const rows = await ask(plan, one, generation)
        expect(rows).toEqual(await ask(planFromEntries, one, generation))
        const cut = { generation: generation.id, knownAt: one.knownAt, rolled: generation.rolled }
        const rolled = plan(one, kpi, cut).text !== planFromEntries(one, kpi, cut).text
        if (!rolled || one.from === undefined || !rows.some(({ cell }) => cell.sampleSize > 1)) return
        told++
        if (one.by.length + one.filters.length > 0) byDimension.add(one.kpi)
      }),
      { ...runs(500), endOnFailure: true },
    )
    expect(told).toBeGreaterThan(20)
    for (const kpi of ['sales-cycle-median', 'sales-cycle-p90']) expect(byDimension).toContain(kpi)
  })

  it('tell durations apart in classes that lie end to end, as the index finds them', async () => {
    const { rows } = await pool.query<{ took: number; found: boolean }>(
      `select ${tookOf('s')} took, ${tookIs('s', tookOf('s'))} found
       from generate_series(-200000::bigint, 400000, 1) s order by s`,
    )
    expect(rows.every(({ found }) => found)).toBe(true)
    expect(rows.every(({ took }, i) => i === 0 || [0, 1].includes(took - rows[i - 1]!.took))).toBe(true)
  })

  it('are not asked for a dimension that was applied when slices were there; a rebuild adds up by it, too', async () => {
    const plans: Definitions['dimensions'][number] = {
      ...definitions.dimensions[0]!,
      id: 'plan',
      sources: { lead: { from: 'properties.plan' } },
    }
    const captured = (n: number) => ({
      type: 'lead.captured' as const,
      data: { lead: `l${n}`, properties: { plan: `p${n % 2}` } },
      at: n < 30 ? HAPPENED : HAPPENED + 60 * DAY, // the later ones count by what is in force when they are recorded
    })
    const applied = { definition: 'dimension/plan', content: plans, ahead: 0 }
    const log = record(
      [
        ...Array.from({ length: 30 }, (_, n) => captured(n)),
        { type: 'definition.applied', data: applied, at: HAPPENED },
        ...Array.from({ length: 30 }, (_, n) => captured(30 + n)),
      ],
      [1],
    )
    const under = { ...definitions, dimensions: [...definitions.dimensions, plans] }
    const question: Question = { kpi: 'leads', by: ['plan'], filters: [] }
    const counts = (rows: Answer['rows']) =>
      Object.fromEntries(rows.map(({ values, cell }) => [String(values[0]), cell.sampleSize]))
    const before = await live()
    await foldSealing(log, 5, before)
    expect((await slicesOf(before)).length).toBeGreaterThan(0)
    const wanted = { p0: 15, p1: 15, null: 30 }
    expect(counts(await ask(plan, question, before, under))).toEqual(wanted)

    const made = await rebuild({ pool, tail: tailOf(() => log), definitions })
    await seal(pool, made, { size: 5, fan: 4 })
    const cut = { generation: made.id, rolled: made.rolled }
    const kpi = asked(question, under)
    expect(plan(question, kpi, cut).text).not.toBe(planFromEntries(question, kpi, cut).text)
    expect(counts(await ask(plan, question, made, under))).toEqual(wanted)
    expect(await wrongSlices(pool, made)).toEqual([])
  })

  it('end where the entries say, whenever they are sealed', async () => {
    const records = recordAll([...syntheticLog(600, { seed: 21 })])
    const [often, once] = [await live(), await createGeneration(pool, { definitions, epoch, state: 'building' })]
    await foldSealing(records, 20, often)
    const folder = createFolder(pool, once)
    for (const batch of batches(records)) await folder.apply(batch)
    await seal(pool, once, { size: 20, fan: 4 })
    expect(await slicesOf(once)).toEqual(await slicesOf(often))
    expect((await slicesOf(once)).map(({ level }) => level)).toEqual([0, 1, 2])
    expect(await seal(pool, once, { size: 20, fan: 4 })).toBe(0)
    for (const one of [often, once]) expect(await wrongSlices(pool, one)).toEqual([])
  })

  it('are sealed once by several at the same time, and go on where a sealer was cut off', async () => {
    const generation = await live()
    const folder = createFolder(pool, generation)
    for (const batch of batches(recordAll([...syntheticLog(1500, { seed: 22 })]), [500])) await folder.apply(batch)
    for (let statement = 1; statement < 12; statement++)
      await seal(failing(pool, statement), generation, { size: 30, fan: 4 }).catch(({ message }: Error) =>
        expect(message).toBe('the connection was cut'),
      )
    await Promise.all([1, 2, 3, 4].map(() => seal(pool, generation, { size: 30, fan: 4 })))
    await seal(pool, generation, { size: 30, fan: 4 })
    const { rows } = await pool.query<{ n: number; sealed: number }>(
      `select (select coalesce(sum(amount), 0)::bigint from ${unrolled(`${generation.schema}.roll`)} join ${generation.schema}.slice s on s.id = r.slice
          where level = 0 and dimension = '' and measure = 'touch') n,
        (select coalesce(sum(amount), 0)::bigint from ${generation.schema}.entry where measure = 'touch'
          and recorded_at <= (select max(known_to) from ${generation.schema}.slice)) sealed`,
    )
    expect(rows[0]!.n).toBe(rows[0]!.sealed)
    expect(rows[0]!.n).toBeGreaterThan(500)
    expect(await wrongSlices(pool, generation)).toEqual([])
  })

  it('whose slices do not lie where they must are found, as questions would count twice or leave out', async () => {
    const generation = await live()
    await foldSealing(recordAll([...syntheticLog(600, { seed: 24 })]), 20, generation)
    const { schema } = generation
    expect((await slicesOf(generation)).map(({ level }) => level)).toEqual([0, 1, 2])
    const plants = {
      'a part counts beside the whole': `update ${schema}.slice set parent_to = null where id = (select id from ${schema}.slice where parent_to is not null order by id limit 1)`,
      'a slice counts as part of a whole that is not there': `update ${schema}.slice set parent_to = known_to where id = (select id from ${schema}.slice where parent_to is null order by id limit 1)`,
      'a whole is not there': `with lost as (delete from ${schema}.slice where level = 2 returning id) delete from ${schema}.roll using lost where slice = lost.id`,
      'a part is not there': `with lost as (delete from ${schema}.slice where level = 1 and id = (select min(id) from ${schema}.slice where level = 1) returning id) delete from ${schema}.roll using lost where slice = lost.id`,
      'a whole reaches further': `update ${schema}.slice set known_to = known_to + interval '1 ms' where level = 2`,
      'rolls lie in another span': `update ${schema}.roll set span = span - 100 where ctid = (select ctid from ${schema}.roll limit 1)`,
      'rolls have lost their slice': `update ${schema}.roll set slice = 100000 where ctid = (select ctid from ${schema}.roll limit 1)`,
    }
    for (const [name, plant] of Object.entries(plants)) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        expect([name, await wrongSlices(client, generation)]).toEqual([name, []])
        await client.query(plant)
        expect([name, (await wrongSlices(client, generation)).length > 0]).toEqual([name, true])
      } finally {
        await client.query('rollback')
        client.release()
      }
    }
  })

  it('that are right are not called wrong, however the server goes about adding up', async () => {
    const generation = await live()
    await foldSealing(recordAll([...syntheticLog(600, { seed: 23 })]), 200, generation)
    const client = await pool.connect()
    try {
      await client.query('begin; set local enable_hashagg = off')
      expect(await wrongSlices(client, generation)).toEqual([])
    } finally {
      await client.query('rollback')
      client.release()
    }
  })

  it('that differ from their entries or from their parts are found', async () => {
    const generation = await live()
    await foldSealing(recordAll([...syntheticLog(600, { seed: 23 })]), 20, generation)
    const { schema } = await generationOf(pool, generation.id)
    expect(await wrongSlices(pool, generation)).toEqual([])
    const spoil = (level: number, by: number) =>
      pool.query(
        `update ${schema}.roll set amounts[1] = amounts[1] + $2 where ctid = (select r.ctid from ${schema}.roll r join ${schema}.slice s on s.id = r.slice
         where level = $1 limit 1) returning slice`,
        [level, by],
      )
    const { rows: parent } = await spoil(2, 1)
    expect(await wrongSlices(pool, generation)).toEqual([(parent[0] as { slice: number }).slice])
    await spoil(0, 2) // and it is no longer what its parent was made of
    expect(await wrongSlices(pool, generation)).toHaveLength(3)
    const { rows: timed } = await pool.query<{ slice: number }>(
      `update ${schema}.roll set elapsed[1] = elapsed[1] + 1 where ctid = (select r.ctid from ${schema}.roll r join ${schema}.slice s on s.id = r.slice
       where timed and level = 0 order by slice desc limit 1) returning slice`,
    )
    expect(await wrongSlices(pool, generation)).toContain(timed[0]!.slice)
    const { rows: lost } = await pool.query<{ next: number }>(
      `with lost as (delete from ${schema}.slice where level = 0 and id = 2 returning known_to)
       select id next from ${schema}.slice s, lost where s.level = 0 and s.known_from = lost.known_to`,
    )
    expect(await wrongSlices(pool, generation)).toContain(lost[0]!.next)
  })
})
