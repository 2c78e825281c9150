import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { FunnelClient, KpiCell } from '@funnel/query-api'
import { describeKafka, testKafka } from '@funnel/testing'
import { funnel, startPlatform, type Platform } from './platform.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const data = process.env['FUNNEL_DATA'] ?? join(root, '../shared/data')
const real = existsSync(data)
if (!real)
  process.stderr.write(
    `SKIPPED: there are no reference data sets in ${data} (FUNNEL_DATA names their folder); the samples are imported instead\n`,
  )

/** An example with the files of its data set, or of its sample where that is absent, and what they must come to. */
const olist = {
  example: 'olist',
  folder: real ? join(data, 'olist') : join(root, 'examples/olist/sample'),
  files: ['olist_marketing_qualified_leads_dataset.csv', 'olist_closed_deals_dataset.csv'],
  expected: real
    ? {
        leads: 8_000,
        won: 842,
        conversion: 0.10525,
        flagged: 1,
        days: [49.1, 14.65, 162.59],
        wonOfLeads: {
          organic_search: [271, 2_296],
          paid_search: [195, 1_586],
          social: [75, 1_350],
          unknown: [179, 1_099],
          '': [14, 60],
        },
      }
    : {
        leads: 160,
        won: 36,
        conversion: 0.225,
        flagged: 1,
        days: [37.04, 29.38, 92.11],
        wonOfLeads: {
          organic_search: [5, 32],
          paid_search: [8, 34],
          social: [7, 26],
          unknown: [5, 25],
          '': [2, 11],
        },
      },
}
const crmDimensions = ['agent', 'manager', 'region', 'product', 'sector']
const crm = {
  example: 'crm-sales-opportunities',
  folder: real ? join(data, 'crm_sales_opportunities') : join(root, 'examples/crm-sales-opportunities/sample'),
  files: ['sales_pipeline.csv'],
  expected: real
    ? crmNumbers({ won: 4_238, lost: 2_473, winRate: 0.6315, revenue: 1_000_553_400, values: [30, 6, 3, 7, 10] })
    : crmNumbers({ won: 88, lost: 67, winRate: 0.5677, revenue: 32_578_400, values: [8, 3, 2, 5, 7] }),
}

/** By every dimension the parts must add up to the whole. */
function crmNumbers(totals: { won: number; lost: number; winRate: number; revenue: number; values: number[] }) {
  const { won, lost, revenue } = totals
  return { ...totals, sums: [won, lost, revenue].map((total) => crmDimensions.map(() => total)) }
}

type Ask = (kpi: string, by?: string) => Promise<Record<string, KpiCell>>

/** Answers by the value of a dimension; "(none)" is no value, and the only cell when nothing is asked by. */
const asking =
  (query: FunnelClient): Ask =>
  async (kpi, by) => {
    const { answer } = await query.queryKpi({ question: { kpi, by: by === undefined ? [] : [by] } })
    return Object.fromEntries(
      (answer?.rows ?? []).map(({ dimensions, cell }) => [dimensions[0]?.value ?? '(none)', cell!]),
    )
  }

const numberOf = (cell: KpiCell | undefined): number | undefined =>
  cell?.value?.$case === 'money'
    ? cell.value.value.minor
    : cell?.value?.$case === 'noValue'
      ? undefined
      : cell?.value?.value

const days = (cell: KpiCell | undefined) => Math.round((numberOf(cell)! / 86_400) * 100) / 100

/** Everything that the issue names about Olist, as answered. */
async function olistAnswers(ask: Ask, query: FunnelClient) {
  const one = async (kpi: string) => (await ask(kpi))['(none)']
  const [leads, won] = [await ask('leads', 'origin'), await ask('deals-won', 'origin')]
  return {
    leads: numberOf(await one('leads')),
    won: numberOf(await one('deals-won')),
    conversion: numberOf(await one('lead-to-won')),
    flagged: (await query.listLeads({ flags: ['negative-cycle'] })).leads.length,
    days: [days(await one('lead-cycle-mean')), days(await one('lead-cycle-median')), days(await one('lead-cycle-p90'))],
    wonOfLeads: Object.fromEntries(
      Object.keys(olist.expected.wonOfLeads).map((origin) => [
        origin,
        [numberOf(won[origin]), numberOf(leads[origin])],
      ]),
    ),
  }
}

async function crmAnswers(ask: Ask) {
  const total = async (kpi: string) => numberOf((await ask(kpi))['(none)'])
  const by = (kpi: string) => Promise.all(crmDimensions.map((dimension) => ask(kpi, dimension)))
  const sum = (rows: Record<string, KpiCell>) =>
    Object.values(rows).reduce((total, cell) => total + (numberOf(cell) ?? 0), 0)
  const [won, lost, revenue] = [await by('deals-won'), await by('deals-lost'), await by('won-revenue')]
  return {
    won: await total('deals-won'),
    lost: await total('deals-lost'),
    winRate: Math.round((await total('win-rate'))! * 10_000) / 10_000,
    revenue: await total('won-revenue'),
    values: won.map((rows) => Object.keys(rows).length),
    sums: [won.map(sum), lost.map(sum), revenue.map(sum)],
  }
}

/** The suite of one data set over one way of running the platform. */
function reference<T>(
  {
    example,
    folder: from,
    files,
    expected,
  }: { example: string; folder: string; files: readonly string[]; expected: T },
  answers: (ask: Ask, query: FunnelClient) => Promise<T>,
  kafka: boolean,
) {
  let platform: Platform
  let ask: Ask
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-reference-'))
    platform = await startPlatform({
      definitions: [join(root, 'examples', example, 'definitions')],
      ...(kafka && { kafkaBrokers: (await testKafka()).brokers, topicPrefix: `${randomBytes(4).toString('hex')}.` }),
    })
    ask = asking(platform.query)
  }, 180_000)
  afterAll(async () => {
    await platform?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const importIt = async (...road: string[]): Promise<Report> => {
    const paths = files.map((file) => join(from, file))
    const mapping = join(root, 'examples', example, 'mapping.yaml')
    const errors = join(folder, 'errors.csv')
    const out = await funnel('import', ...paths, '--mapping', mapping, '--errors', errors, '--json', ...road)
    await platform.settled()
    return JSON.parse(out) as Report
  }

  it('gives the reference numbers when it is imported through the public door', async () => {
    expect(await importIt('--url', platform.ingest, '--key', platform.writeKey)).toMatchObject({ errors: 0 })
    expect(await answers(ask, platform.query)).toEqual(expected)
  }, 180_000)

  it('changes nothing when it is imported again, straight to the store', async () => {
    const again = await importIt('--direct', '--database-url', platform.databaseUrl)
    for (const counts of Object.values(again.events)) expect(counts).toMatchObject({ recorded: 0, conflict: 0 })
    expect(await answers(ask, platform.query)).toEqual(expected)
  }, 180_000)
}

interface Report {
  readonly errors: number
  readonly events: Readonly<Record<string, Readonly<Record<string, number>>>>
}

describe('The Olist set over the PostgreSQL log', () => reference(olist, olistAnswers, false))
describe('The CRM set over the PostgreSQL log', () => reference(crm, crmAnswers, false))
describeKafka('The Olist set over the Kafka log', () => reference(olist, olistAnswers, true))
describeKafka('The CRM set over the Kafka log', () => reference(crm, crmAnswers, true))
