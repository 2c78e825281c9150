import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { testDatabase } from '@funnel/testing'
import { createLogger } from '@funnel/platform'
import { sidesOf, type Cell, type Question, type Row } from '@funnel/ledger'
import fc from 'fast-check'
import { ReadModels } from '../read/read-models.js'
import { createPool } from '@funnel/platform'
import { bruteForce, entriesOf, type Expected, type Standing } from '../testing/brute-force.js'
import { definitions } from '../testing/definitions.js'
import { HandMadeReadModel } from '../testing/read-model.js'

// many questions take their time where others want the cores too
jest.setTimeout(600_000)

const DAY = 86_400_000
const BEGIN = Date.UTC(2024, 0, 1)
const W = BEGIN + 150 * DAY
const iso = (instant: number) => new Date(instant).toISOString()

/** Instants of few days, so that bounds are hit exactly and often; some lie within a day. */
const day = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.constantFrom(0, 0, 0, 0, 1, DAY / 2, DAY - 1))
    .map(([days, within]) => BEGIN + days * DAY + within)
const dims = fc.record(
  { channel: fc.constantFrom('organic', 'paid', '', 'unknown'), region: fc.constantFrom('north', 'south') },
  { requiredKeys: [] },
)
const shape = fc.constantFrom(
  { measure: 'lead.captured' },
  { measure: 'stage.first', stage: 'mql' },
  { measure: 'stage.entered', stage: 'mql' },
  { measure: 'stage.entered', stage: 'sql' },
  { measure: 'converted', stage: 'captured>won' },
  { measure: 'converted', stage: 'mql>sql' },
  { measure: 'deal.won' },
  { measure: 'deal.lost' },
  { measure: 'deal.won.value' },
  { measure: 'deal.lost.value' },
  { measure: 'deal.open', stage: 'demo' },
  { measure: 'deal.open', stage: 'offer' },
  { measure: 'deal.open.value', stage: 'demo' },
)
const line = fc
  .record({
    shape,
    dims,
    occurred: day(0, 100),
    delay: fc.integer({ min: 0, max: 40 }),
    until: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 2 }),
    elapsed: fc.option(
      fc.oneof(
        fc.integer({ min: -3 * 86_400, max: 40 * 86_400 }),
        fc.constantFrom(0, 1, 30 * 86_400, 30 * 86_400 + 1), // about the bounds of a window
      ),
      { freq: 6 },
    ),
    money: fc.integer({ min: 1, max: 99_999 }),
    currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'JPY'),
    subject: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ shape, dims, occurred, delay, until, elapsed, money, currency, subject }): Standing => {
    const recorded = occurred + delay * DAY
    const timed = shape.measure === 'converted' || shape.measure === 'deal.won'
    return {
      ...shape,
      dims,
      occurred: iso(occurred),
      recorded: iso(recorded),
      ...(until === null ? {} : { until: iso(recorded + until * DAY) }),
      ...(timed && (elapsed !== null || shape.measure === 'converted')
        ? { elapsed: elapsed ?? 60, cohort: iso(occurred - (elapsed ?? 60) * 1000) }
        : {}),
      ...(shape.measure.endsWith('.value') ? { amount: money, currency } : {}),
      subject: String(subject),
    }
  })
/** In the ledger a subject has one line of a kind at a time, and leaves only what it has entered. */
const lines = fc.array(line, { minLength: 60, maxLength: 160, size: 'max' }).map((all) =>
  all.flatMap((line, index) => {
    const own = { ...line, subject: `${line.subject}-${index}` }
    if (!line.measure.startsWith('deal.open') || index % 2) return [own]
    const left = iso(Date.parse(line.occurred) + (index % 7) * 9 * DAY)
    return [own, { ...own, amount: -(own.amount ?? 1), occurred: left }]
  }),
)
const filter = fc.record({
  dimension: fc.constantFrom('channel', 'region'),
  values: fc.subarray(['organic', '', 'unknown', 'north']),
  none: fc.boolean(),
})
/** Entries of a slice: few, so that there are slices of slices; or so many that nothing is sealed. */
const slice = fc.constantFrom(5, 20, 60, 1000)
/** A stock beside a flow is told by an example instead (grpc.int.spec.ts). */
const kpis = definitions.kpis.map(({ id }) => id).filter((id) => id !== 'open-per-lead')
/** Money over a count seldom finds both, in one currency, so it is asked more often. */
const asked = [...kpis, ...Array.from({ length: 5 }, () => 'mean-won')]
const questionOf = (kpi: string) =>
  fc
    .record({
      bucket: fc.constantFrom(undefined, 'day', 'week', 'month', 'quarter', 'year'),
      period: fc.oneof(fc.constant(null), fc.tuple(day(0, 80), fc.integer({ min: 1, max: 90 }))),
      by: fc.subarray(['channel', 'region', 'stage']),
      filters: fc.array(
        filter.filter(({ values, none }) => none || values.length > 0),
        { maxLength: 2 },
      ),
      asOf: fc.option(day(0, 120), { nil: undefined, freq: 3 }),
      knownAt: fc.option(day(0, 160), { nil: undefined }),
    })
    .map(({ period, by, ...rest }): Question => {
      const timed = /cycle|-to-/.test(kpi)
      return {
        ...rest,
        kpi,
        by: by.filter((dimension) => !timed || dimension !== 'stage'),
        from: period?.[0],
        to: period === null ? undefined : period[0] + period[1] * DAY,
      }
    })

describe('an answer from PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let model: HandMadeReadModel
  let models: ReadModels

  beforeAll(async () => {
    database = await testDatabase()
    model = new HandMadeReadModel(database.url)
    models = new ReadModels(createPool(database.url, 'spec'), database.url, createLogger('spec', 'silent'))
    await model.createGeneration(definitions)
  })
  afterAll(async () => {
    await models?.close()
    await model?.close()
    await database?.drop()
  })

  it('equals the answer counted line by line, for any ledger, cut, bucket, dimensions and filters', async () => {
    const values = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(lines, fc.tuple(...asked.map(questionOf)), slice, async (lines, questions, slice) => {
        await model.clear(1)
        // nothing recorded after the watermark is folded
        const folded = entriesOf(lines).filter(({ recorded = '' }) => Date.parse(recorded) <= W)
        await model.fold(1, iso(W), folded)
        await model.seal(1, slice)
        for (const question of questions) {
          const answered = await models.answers.of(1, question, { deadline: Date.now() + 10_000 })
          expect(answered.rows.map(flat).sort(byPlace)).toEqual(
            bruteForce(question, answered.kpi, lines, W).map(rounded).sort(byPlace),
          )
          const found = answered.rows.filter(({ cell }) => cell.value.unit !== 'none' && cell.sampleSize > 0).length
          values.set(question.kpi, (values.get(question.kpi) ?? 0) + found)
        }
      }),
      { numRuns: 60, endOnFailure: true },
    )
    // not one kind of KPI passed for want of numbers
    for (const kpi of kpis) expect([kpi, (values.get(kpi) ?? 0) > 0]).toEqual([kpi, true])
  })

  it('is explained by totals that equal its cells, currency by currency', async () => {
    // those of money have the most to get wrong
    const asking = [...kpis, 'won-revenue', 'open-pipeline', 'won-value-rate', 'mean-won'].map(questionOf)
    let summed = 0
    await fc.assert(
      fc.asyncProperty(lines, fc.tuple(...asking), slice, async (lines, questions, slice) => {
        await model.clear(1)
        const folded = entriesOf(lines).filter(({ recorded = '' }) => Date.parse(recorded) <= W)
        await model.fold(1, iso(W), folded)
        await model.seal(1, slice)
        for (const question of questions) {
          const patience = { deadline: Date.now() + 10_000 }
          const { kpi, rows } = await models.answers.of(1, question, patience)
          const fixed = { generation: 1, knownAt: Math.min(question.knownAt ?? W, W), version: kpi.version }
          for (const { cell, ...place } of rows.slice(0, 20))
            for (const { name: side } of sidesOf(kpi.formula)) {
              const listing = { kind: 'cell', side, cell: place } as const
              expect([listing, await models.listings.total(question, fixed, listing, patience)]).toEqual([
                listing,
                cell[side],
              ])
              if (JSON.stringify(cell[side]).includes('EUR')) summed++
            }
        }
      }),
      { numRuns: 20, endOnFailure: true },
    )
    expect(summed).toBeGreaterThan(0)
  })

  it('is explained without a currency whose entries cancel, but with one that several subjects hold', async () => {
    await model.clear(1)
    const held = (subject: string, currency: string, amount: number) =>
      ({ measure: 'deal.open.value', kind: 'deal', occurred: iso(BEGIN), subject, currency, amount }) as const
    await model.fold(1, iso(W), [
      held('priced anew', 'USD', 90),
      held('priced anew', 'USD', -90),
      held('priced anew', 'EUR', 250),
      held('one', 'JPY', 5),
      held('other', 'JPY', -5),
    ])
    const question = { kpi: 'open-pipeline', by: [], filters: [] }
    const patience = { deadline: Date.now() + 10_000 }
    const { rows } = await models.answers.of(1, question, patience)
    const listing = { kind: 'cell', side: 'numerator', cell: { values: [] } } as const
    const total = await models.listings.total(question, { generation: 1, knownAt: W, version: 3 }, listing, patience)
    expect(total).toEqual({
      money: [
        { minor: 250, currency: 'EUR' },
        { minor: 0, currency: 'JPY' },
      ],
    })
    expect(total).toEqual(rows[0]!.cell.numerator)
  })

  it('differs from what was known before by the entries of the difference, also where windows ended in between', async () => {
    const seen = { differences: 0, ended: 0 }
    // a window is asked more often, and of everything, so that some end in between
    const windowed = questionOf('mql-to-sql').map(({ kpi, knownAt }): Question => ({
      kpi,
      knownAt,
      by: [],
      filters: [],
    }))
    const asking = fc.tuple(...kpis.map(questionOf), windowed, windowed, windowed)
    await fc.assert(
      fc.asyncProperty(lines, asking, day(0, 130), async (lines, questions, from) => {
        await model.clear(1)
        await model.fold(
          1,
          iso(W),
          entriesOf(lines).filter(({ recorded = '' }) => Date.parse(recorded) <= W),
        )
        for (const { bucket: _, ...question } of questions) {
          const to = question.knownAt ?? W
          if (to < from) continue
          const [before, after] = [
            await total({ ...question, knownAt: from }),
            await total({ ...question, knownAt: to }),
          ]
          const fixed = { generation: 1, knownAt: to, version: 3 }
          const { entries } = await models.listings.entries(
            question,
            fixed,
            { kind: 'known', after: from },
            undefined,
            10_000,
            { deadline: Date.now() + 10_000 },
          )
          const of = (side: string) =>
            entries.filter((entry) => entry.side === side).reduce((sum, { amount }) => sum + Number(amount), 0)
          expect([question, of('numerator'), of('denominator')]).toEqual([
            question,
            after.numerator - before.numerator,
            after.denominator - before.denominator,
          ])
          if (entries.length) seen.differences++
          seen.ended += entries.filter(({ recordedAt }) => recordedAt <= from).length
        }
      }),
      { numRuns: 30, endOnFailure: true },
    )
    expect(seen.differences).toBeGreaterThan(50)
    expect(seen.ended).toBeGreaterThan(0)
  })

  /** Both sides over all cells, of all currencies together. */
  const total = async (question: Question) => {
    const { rows } = await models.answers.of(1, question, { deadline: Date.now() + 10_000 })
    const sum = (of: (cell: Cell) => Cell['numerator']) =>
      rows.reduce((sum, { cell }) => {
        const quantity = of(cell)
        if (!quantity) return sum
        return sum + ('count' in quantity ? quantity.count : quantity.money.reduce((all, { minor }) => all + minor, 0))
      }, 0)
    return { numerator: sum(({ numerator }) => numerator), denominator: sum(({ denominator }) => denominator) }
  }

  it('says of a sum that no number holds that it is beyond, and tells all others', async () => {
    await model.clear(1)
    const most = Number.MAX_SAFE_INTEGER
    const deal = (subject: string, day: number, amount: number, currency = 'EUR', measure = 'deal.won.value') => ({
      measure,
      occurred: iso(BEGIN + day * DAY),
      subject,
      amount,
      currency,
    })
    await model.fold(1, iso(W), [
      deal('a', 0, most),
      deal('b', 0, 2),
      deal('c', 0, 5, 'JPY'),
      deal('d', 1, 300),
      deal('e', 2, most),
      ...[deal('a', 0, most), deal('b', 1, 2), deal('a', 2, -most)].map((line) => ({
        ...line,
        measure: 'deal.open.value',
      })),
    ])
    await model.seal(1, 3)
    const ask = async (kpi: string, question: Partial<Question> = {}) => {
      const asking = { kpi, by: [], filters: [], to: BEGIN + 3 * DAY, ...question }
      const { rows } = await models.answers.of(1, asking, { deadline: Date.now() + 10_000 })
      return rows.map((row) => [valueOf(row.cell), row.cell.sampleSize])
    }
    expect(await ask('won-revenue', { bucket: 'day' })).toEqual([
      ['inexact', 3],
      ['300 EUR', 1],
      [`${most} EUR`, 1],
    ])
    expect(await ask('open-pipeline', { bucket: 'day' })).toEqual([
      [`${most} EUR`, 1],
      ['inexact', 2],
      ['2 EUR', 1],
    ])
    expect(await ask('won-value-rate')).toEqual([['inexact', 5]])

    const question = { kpi: 'won-revenue', by: [], filters: [] }
    const { rows } = await models.answers.of(1, question, { deadline: Date.now() + 10_000 })
    expect(JSON.stringify(rows[0]!.cell.value)).toContain(`numerator ${2n * BigInt(most) + 302n} minor units of EUR`)
    expect(rows[0]!.cell.numerator).toBeUndefined()
    const fixed = { generation: 1, knownAt: W, version: 3 }
    const listing = { kind: 'cell', side: 'numerator', cell: { values: [] } } as const
    expect(await models.listings.total(question, fixed, listing, { deadline: Date.now() + 10_000 })).toBeUndefined()
    const { entries } = await models.listings.entries(question, fixed, listing, undefined, 10, {
      deadline: Date.now() + 10_000,
    })
    expect(entries.map(({ amount }) => amount)).toEqual([most, 2, 5, 300, most].map(String))
  })

  it('takes the same percentiles as percentile_cont, also of negative durations', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -9999, max: 9999 }), { minLength: 1, maxLength: 50 }),
        async (elapsed) => {
          await model.clear(1)
          const occurred = iso(BEGIN)
          await model.fold(
            1,
            iso(W),
            elapsed.map((elapsed, index) => ({ measure: 'deal.won', occurred, elapsed, subject: `${index}` })),
          )
          const { rows } = await model.pool.query<{ mean: number; median: number; p90: number }>(
            `select avg(elapsed_s)::float8 mean, percentile_cont(0.5) within group (order by elapsed_s) median,
             percentile_cont(0.9) within group (order by elapsed_s) p90 from gen_1.entry`,
          )
          for (const stat of ['mean', 'median', 'p90'] as const) {
            const answered = await models.answers.of(
              1,
              { kpi: `cycle-${stat}`, by: [], filters: [] },
              { deadline: Date.now() + 10_000 },
            )
            const value = answered.rows[0]?.cell.value
            expect(value?.unit === 'duration' ? value.number : NaN).toBeCloseTo(rows[0]?.[stat] ?? NaN, 6)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

/** An answer's row in the form of the brute force. */
const flat = ({ bucketStart, values, cell }: Row): Expected =>
  rounded({
    place: JSON.stringify([bucketStart ?? null, values]),
    value: valueOf(cell),
    numerator: quantityOf(cell.numerator),
    ...(cell.denominator && { denominator: quantityOf(cell.denominator) }),
    sampleSize: cell.sampleSize,
    immature: cell.immature,
  })

function valueOf({ value }: Cell): number | string {
  if (value.unit === 'none') return value.reason
  return value.unit === 'money' ? `${value.money.minor} ${value.money.currency}` : value.number
}

const quantityOf = (quantity: Cell['numerator']) =>
  quantity && 'count' in quantity ? quantity.count : quantity?.money.map(({ minor, currency }) => [currency, minor])

/** Durations are equal to a microsecond, whatever the order they were added in; nothing summed up is 0 in any currency. */
const rounded = (expected: Expected): Expected => ({
  ...expected,
  value: typeof expected.value === 'number' ? Number(expected.value.toFixed(6)) : expected.value,
  numerator: Array.isArray(expected.numerator) && !expected.numerator.length ? 0 : expected.numerator,
  ...('denominator' in expected && {
    denominator: Array.isArray(expected.denominator) && !expected.denominator.length ? 0 : expected.denominator,
  }),
})
const byPlace = (a: Expected, b: Expected) => (a.place < b.place ? -1 : 1)
