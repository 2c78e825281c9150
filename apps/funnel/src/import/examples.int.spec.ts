import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { always, defaultDefinitions, loadDefinitions } from '@funnel/definitions'
import { memoryEventStore } from '@funnel/event-store'
import { upcastRecord, type Recorded } from '@funnel/events'
import { fold, NodeMap, type Entry } from '@funnel/ledger'
import { atStart, noCheckpoint } from './checkpoint.js'
import { hashText, importIdOf, sourcesOf } from './files.js'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'
import { silent } from './progress.js'
import type { Report } from './report.js'
import { runImport } from './run.js'
import { sinkOf } from './store-sink.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
/** The real data sets may not be copied here: they lie where FUNNEL_DATA says, or beside the checkout. */
const data = process.env['FUNNEL_DATA'] ?? join(root, '../shared/data')

/** Nobody is told of. */
const nobody = { introduce: () => Promise.resolve([]) }

interface Imported {
  readonly report: Report
  readonly entries: readonly Entry[]
}

/** Imports files by an example's mapping into a store in memory and folds what it holds with the example's definitions. */
async function importAll(example: string, folder: string, ...files: string[]): Promise<Imported> {
  const mapping = await readMapping(join(root, 'examples', example, 'mapping.yaml'))
  const plan = planOf(mapping)
  const sources = await sourcesOf(
    plan,
    files.map((name) => join(folder, name)),
  )
  const mappingHash = hashText(mapping.text)
  const importId = await importIdOf(mappingHash, sources)
  const store = memoryEventStore()
  const sink = sinkOf(store, nobody)
  const run = { importId, mappingHash, source: plan.source, sources, sink, progress: silent }
  const report = await runImport({ ...run, checkpoint: noCheckpoint, before: atStart })
  const records = await all(store)
  const { positions } = await store.tail.heads()
  const again = await runImport({ ...run, checkpoint: noCheckpoint, before: atStart })
  expect(Object.values(again.events).every(({ recorded, conflict }) => recorded + conflict === 0)).toBe(true)
  expect((await store.tail.heads()).positions).toEqual(positions)
  const definitions = loadDefinitions([defaultDefinitions, join(root, 'examples', example, 'definitions')])
  const { entries, parked } = fold(new NodeMap(), records.map(upcastRecord), always(definitions))
  expect(parked).toEqual([])
  return { report, entries }
}

async function all({ tail }: ReturnType<typeof memoryEventStore>): Promise<readonly Recorded[]> {
  const { positions } = await tail.heads()
  return tail.read({}, positions, 1_000_000)
}

/** The sum of a measure, in all or by a dimension; "(none)" is no value. */
const sum = (entries: readonly Entry[], measure: string, stage?: string) =>
  Object.values(sums(entries, measure, undefined, stage))[0] ?? 0

function sums(entries: readonly Entry[], measure: string, dimension?: string, stage?: string): Record<string, number> {
  const found: Record<string, number> = {}
  for (const entry of entries) {
    if (entry.measure !== measure || (stage !== undefined && entry.stage !== stage)) continue
    const key = dimension === undefined ? 'all' : (entry.dims[dimension] ?? '(none)')
    found[key] = (found[key] ?? 0) + entry.amount
  }
  return found
}

/** Elapsed seconds of what was added up, sorted. */
const elapsed = (entries: readonly Entry[], measure: string, stage?: string): readonly number[] =>
  entries
    .filter((entry) => entry.measure === measure && (stage === undefined || entry.stage === stage) && entry.amount > 0)
    .map((entry) => entry.elapsed!)
    .toSorted((a, b) => a - b)

function percentile(sorted: readonly number[], p: number): number {
  const rank = (sorted.length - 1) * p
  const below = sorted[Math.floor(rank)]!
  return below + (sorted[Math.ceil(rank)]! - below) * (rank % 1)
}

function olist(entries: readonly Entry[]) {
  const cycles = elapsed(entries, 'converted', 'captured>won')
  return {
    leads: sum(entries, 'lead.captured'),
    won: sum(entries, 'deal.won'),
    converted: sum(entries, 'converted', 'captured>won'),
    leadsByOrigin: sums(entries, 'lead.captured', 'origin'),
    wonByOrigin: sums(entries, 'deal.won', 'origin'),
    wonBySegment: sums(entries, 'deal.won', 'business_segment'),
    stages: { mql: sum(entries, 'stage.first', 'mql'), customer: sum(entries, 'stage.first', 'customer') },
    negativeCycles: cycles.filter((cycle) => cycle < 0).length,
    cycleSeconds: {
      sum: cycles.reduce((total, cycle) => total + cycle, 0),
      median: percentile(cycles, 0.5),
      p90: percentile(cycles, 0.9),
    },
  }
}

const crmDimensions = ['agent', 'manager', 'region', 'product', 'series', 'sector']

/** `by`: won, lost and revenue in minor units by each dimension. */
function crm(entries: readonly Entry[]) {
  const by = (dimension: string) => {
    const [won, lost, revenue] = ['deal.won', 'deal.lost', 'deal.won.value'].map((measure) =>
      sums(entries, measure, dimension),
    )
    return Object.fromEntries(
      [...new Set([...Object.keys(won!), ...Object.keys(lost!)])].map((value) => [
        value,
        [won![value] ?? 0, lost![value] ?? 0, revenue![value] ?? 0],
      ]),
    )
  }
  return {
    opened: sum(entries, 'deal.opened'),
    open: sum(entries, 'deal.open'),
    won: sum(entries, 'deal.won'),
    lost: sum(entries, 'deal.lost'),
    revenueMinor: sum(entries, 'deal.won.value'),
    cycleDaysSum: elapsed(entries, 'deal.won').reduce((total, seconds) => total + seconds, 0) / 86_400,
    by: Object.fromEntries(crmDimensions.map((dimension) => [dimension, by(dimension)])),
  }
}

// What the samples come to was computed apart from this code (examples/README.md).
const expected = async (example: string): Promise<Record<string, number>> =>
  JSON.parse(await readFile(join(root, 'examples', example, 'sample/expected.json'), 'utf8')) as Record<string, number>

const olistFiles = ['olist_marketing_qualified_leads_dataset.csv', 'olist_closed_deals_dataset.csv']

describe('The Olist example', () => {
  it('gives the numbers of its sample, imported once or twice', async () => {
    const { entries, report } = await importAll('olist', join(root, 'examples/olist/sample'), ...olistFiles)
    expect(report).toMatchObject({ rows: 196, errors: 0, skipped: {}, unmatched: {} })
    const numbers = await expected('olist')
    expect(olist(entries)).toEqual({ ...numbers, converted: numbers['won'] })
  })
})

describe('The CRM example', () => {
  it('gives the numbers of its sample, imported once or twice', async () => {
    const example = 'crm-sales-opportunities'
    const { entries, report } = await importAll(
      example,
      join(root, 'examples', example, 'sample'),
      'sales_pipeline.csv',
    )
    const { rows, skipped, ...numbers } = await expected(example)
    expect(report).toMatchObject({ rows, errors: 0, unmatched: {} })
    expect(Object.values(report.skipped)).toEqual([skipped])
    expect(crm(entries)).toEqual(numbers)
  })
})

const real = existsSync(data)
if (!real)
  process.stderr.write(`SKIPPED: there are no reference data sets in ${data}; FUNNEL_DATA names their folder\n`)

;(real ? describe : describe.skip)('The real data', () => {
  it('of Olist gives the published numbers', async () => {
    const { entries, report } = await importAll('olist', join(data, 'olist'), ...olistFiles)
    expect(report).toMatchObject({ rows: 8_842, errors: 0, skipped: {} })
    const found = olist(entries)
    expect(found).toMatchObject({
      leads: 8_000,
      won: 842,
      converted: 842,
      leadsByOrigin: { organic_search: 2_296, paid_search: 1_586, social: 1_350, unknown: 1_099, '': 60 },
      wonByOrigin: { organic_search: 271, paid_search: 195, social: 75, unknown: 179 },
      stages: { mql: 8_000, customer: 842 },
      negativeCycles: 1,
    })
    const days = (seconds: number) => Math.round((seconds / 86_400) * 100) / 100
    const { sum, median, p90 } = found.cycleSeconds
    expect([days(sum / 842), days(median), days(p90)]).toEqual([49.1, 14.65, 162.59])
  })

  it('of the CRM gives the published numbers', async () => {
    const folder = join(data, 'crm_sales_opportunities')
    const { entries, report } = await importAll('crm-sales-opportunities', folder, 'sales_pipeline.csv')
    expect(report).toMatchObject({ rows: 8_800, errors: 0, unmatched: {} })
    expect(Object.values(report.skipped)).toEqual([500])
    const { by, ...found } = crm(entries)
    expect(found).toMatchObject({ opened: 8_300, open: 1_589, won: 4_238, lost: 2_473, revenueMinor: 1_000_553_400 })
    for (const rows of Object.values(by)) {
      const totals = [0, 1, 2].map((at) => Object.values(rows).reduce((total, row) => total + row[at]!, 0))
      expect(totals).toEqual([4_238, 2_473, 1_000_553_400])
      expect(rows['(none)']).toBeUndefined()
    }
    expect(crmDimensions.map((dimension) => Object.keys(by[dimension]!).length)).toEqual([30, 6, 3, 7, 3, 10])
    expect(Object.keys(by['product']!)).toContain('GTX Pro')
  })
})
