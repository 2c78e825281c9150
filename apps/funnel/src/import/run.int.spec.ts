import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FunnelError, type Envelope } from '@funnel/events'
import { atStart, noCheckpoint, type Checkpoint, type Progressed } from './checkpoint.js'
import { drySink } from './dry-sink.js'
import { openErrorFile } from './error-file.js'
import { hashText, importIdOf, sourcesOf } from './files.js'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'
import { silent } from './progress.js'
import { renderReport } from './report.js'
import { runImport, type ImportRun } from './run.js'
import type { Sink } from './sink.js'

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-run-'))
  await writeFile(
    at('map.yaml'),
    `mapping: 1
source: crm
inputs:
  - file: leads.csv
    key: '{{ id }}'
    skip: [{ when: { at: '' }, because: no date }]
    events:
      - { type: lead.captured, time: '{{ at }}', data: { lead: '{{ id }}', owner: '{{ owner }}' } }
  - file: deals.csv
    key: '{{ id }}'
    events:
      - { type: deal.lost, time: '{{ at }}', data: { deal: '{{ id }}' } }
`,
  )
  const rows = Array.from({ length: 2_500 }, (_, index) => `${index},2026-01-02,Ann`)
  rows[10] = '10,,Ann'
  rows[20] = '20,never,Ann'
  rows[30] = '30,2026-01-02'
  rows[40] = '40,2026-01-02,'
  await writeFile(at('leads.csv'), `id,at,owner\n${rows.join('\n')}\n`)
  await writeFile(at('deals.csv'), `id,at\n1,2026-02-01\n2,2026-02-02\n`)
})
afterEach(() => rm(folder, { recursive: true }))

async function prepared(): Promise<Pick<ImportRun, 'importId' | 'mappingHash' | 'source' | 'sources' | 'progress'>> {
  const mapping = await readMapping(at('map.yaml'))
  const plan = planOf(mapping)
  const sources = await sourcesOf(plan, [at('leads.csv'), at('deals.csv')])
  const mappingHash = hashText(mapping.text)
  return {
    importId: await importIdOf(mappingHash, sources),
    mappingHash,
    source: plan.source,
    sources,
    progress: silent,
  }
}

/** A log in memory that dies before a given batch. */
function memory(dieAt = Infinity): Sink & { readonly events: Map<string, Envelope>; batches: number } {
  const events = new Map<string, Envelope>()
  const sink = {
    name: 'memory',
    events,
    batches: 0,
    send: (batch: readonly Envelope[]) => {
      if (++sink.batches === dieAt) return Promise.reject(new FunnelError('UNAVAILABLE', 'gone'))
      return Promise.resolve(
        batch.map((event) => {
          const known = events.has(event.id)
          events.set(event.id, event)
          return { outcome: known ? ('duplicate' as const) : ('recorded' as const) }
        }),
      )
    },
    close: () => Promise.resolve(),
  }
  return sink
}

function remembered(): Checkpoint & { state: Progressed } {
  const checkpoint = {
    state: atStart,
    load: () => Promise.resolve(checkpoint.state),
    save: (_: string, { rows, errors, done }: Progressed) => {
      checkpoint.state = { rows, errors, done }
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
  return checkpoint
}

describe('An import', () => {
  it('records every good row, and writes every bad one with its line to the error file', async () => {
    const sink = memory()
    const errors = await openErrorFile(at('errors.csv'), false)
    const report = await runImport({ ...(await prepared()), sink, checkpoint: noCheckpoint, before: atStart, errors })
    await errors.close()
    expect(report).toMatchObject({ rows: 2_502, skipped: { 'no date': 1 }, errors: 3 })
    expect(report.events['lead.captured']).toEqual({ recorded: 2_496, duplicate: 0, conflict: 0, rejected: 0 })
    expect(report.events['deal.lost']?.recorded).toBe(2)
    const lines = (await readFile(at('errors.csv'), 'utf8')).trim().split('\n')
    expect(lines[0]).toBe('file,line,event,field,code,message')
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 4).join(' '))).toEqual([
      'leads.csv 22 lead.captured time',
      'leads.csv 32  ',
      'leads.csv 42 lead.captured data.owner',
    ])
    expect([...sink.events.values()].every(({ importid }) => importid === report.importId)).toBe(true)
    expect(renderReport(report)).toContain('leads.csv:22: time: "never" is not a time of ISO 8601')
  })

  it('keeps the order of two stages that a lead entered on one day', async () => {
    const entered =
      '{ type: lead.stage-entered, name: "stage {{ stage }}", time: "{{ on }}", sequence: "{{ step }}", data: { lead: "{{ lead }}", stage: "{{ stage }}" } }'
    await writeFile(
      at('stages.yaml'),
      `mapping: 1\nsource: crm\ninputs: [{ file: stages.csv, key: "{{ lead }} {{ step }}", events: [${entered}] }]\n`,
    )
    await writeFile(
      at('stages.csv'),
      'lead,step,stage,on\n1,2,sql,2026-01-02\n1,1,mql,2026-01-02\n1,last,won,2026-01-02\n',
    )
    const plan = planOf(await readMapping(at('stages.yaml')))
    const sources = await sourcesOf(plan, [at('stages.csv')])
    const sink = memory()
    const report = await runImport({ ...(await prepared()), sources, sink, checkpoint: noCheckpoint, before: atStart })
    expect(
      [...sink.events.values()].map(({ sequence, data }) => [sequence, (data as { stage: string }).stage]),
    ).toEqual([
      [2, 'sql'],
      [1, 'mql'],
    ])
    expect(report.firstErrors).toEqual([expect.objectContaining({ line: 4, field: 'sequence' })])
  })

  it('done again changes nothing', async () => {
    const sink = memory()
    const run = { ...(await prepared()), sink, checkpoint: noCheckpoint, before: atStart }
    await runImport(run)
    const before = structuredClone([...sink.events])
    const again = await runImport(run)
    expect(again.events['lead.captured']).toMatchObject({ recorded: 0, duplicate: 2_496 })
    expect([...sink.events]).toEqual(before)
  })

  it('sends nothing where the mapping does not fit a later file: the files before it were recorded for good', async () => {
    await writeFile(at('deals.csv'), `id,on\n1,2026-02-01\n`)
    const sink = memory()
    const run = { ...(await prepared()), sink, checkpoint: noCheckpoint, before: atStart }
    await expect(runImport(run)).rejects.toThrow('there is no column "at" in deals.csv')
    expect(sink.batches).toBe(0)
  })

  it('that broke off goes on after the last batch and ends with the same events', async () => {
    const whole = memory()
    await runImport({ ...(await prepared()), sink: whole, checkpoint: noCheckpoint, before: atStart })
    const checkpoint = remembered()
    const broken = memory(2)
    await expect(runImport({ ...(await prepared()), sink: broken, checkpoint, before: atStart })).rejects.toThrow(
      'gone',
    )
    expect(checkpoint.state.done).toBe(false)
    expect(checkpoint.state.rows).toBeGreaterThan(900)
    const rest = await runImport({ ...(await prepared()), sink: broken, checkpoint, before: checkpoint.state })
    expect(rest.rows + rest.rowsBefore).toBe(2_502)
    expect(checkpoint.state).toEqual({ rows: 2_502, errors: 3, done: true })
    expect(broken.events).toEqual(whole.events)
  })

  it('that broke off tells each error once', async () => {
    const rows = Array.from({ length: 2_500 }, (_, index) => `${index},2026-01-02,${index % 100 ? 'Ann' : ''}`)
    await writeFile(at('leads.csv'), `id,at,owner\n${rows.join('\n')}\n`)
    const checkpoint = remembered()
    const sink = memory(2)
    for (const goesOn of [false, true]) {
      const errors = await openErrorFile(at('once.csv'), goesOn)
      const run = runImport({ ...(await prepared()), sink, checkpoint, before: checkpoint.state, errors })
      if (goesOn) expect(await run).toMatchObject({ errors: expect.any(Number), errorsBefore: expect.any(Number) })
      else await expect(run).rejects.toThrow('gone')
      await errors.close()
    }
    const lines = (await readFile(at('once.csv'), 'utf8')).trim().split('\n').slice(1)
    expect(lines.map((line) => Number(line.split(',')[1]))).toEqual(Array.from({ length: 25 }, (_, i) => 100 * i + 2))
    expect(checkpoint.state.errors).toBe(25)
  })

  it('saves how far it is also where every row is wrong', async () => {
    await writeFile(at('leads.csv'), `id,at,owner\n${'1,never,Ann\n'.repeat(1_500)}`)
    const checkpoint = remembered()
    const saved: number[] = []
    const counting: Checkpoint = { ...checkpoint, save: (_, { rows }) => Promise.resolve(void saved.push(rows)) }
    await runImport({ ...(await prepared()), sink: memory(), checkpoint: counting, before: atStart })
    expect(saved).toEqual([1_000, 1_502])
  })

  it('adds up join keys that found nothing over the inputs that give a join one name', async () => {
    const input = (file: string) =>
      `{ file: ${file}, key: '{{ id }}', joins: [{ file: team.csv, as: team, on: { agent: '{{ owner }}' } }], events: [{ type: deal.lost, name: ${file}, time: '{{ at }}', data: { deal: '{{ id }}' } }] }`
    await writeFile(at('joins.yaml'), `mapping: 1\nsource: crm\ninputs: [${input('a.csv')}, ${input('b.csv')}]\n`)
    await writeFile(at('team.csv'), 'agent,manager\nAnn,Mo\n')
    await writeFile(at('a.csv'), 'id,at,owner\n1,2026-01-02,Bob\n2,2026-01-02,Ann\n')
    await writeFile(at('b.csv'), 'id,at,owner\n1,2026-01-02,Cy\n2,2026-01-02,Bob\n')
    const plan = planOf(await readMapping(at('joins.yaml')))
    const sources = await sourcesOf(plan, [at('a.csv'), at('b.csv')])
    const run = { ...(await prepared()), sources, sink: memory(), checkpoint: noCheckpoint, before: atStart }
    expect((await runImport(run)).unmatched).toEqual({ team: { rows: 3, examples: ['Bob', 'Cy'] } })
  })

  it('reports what the log refused with the line it came from', async () => {
    const sink: Sink = {
      ...memory(),
      send: (batch) =>
        Promise.resolve(
          batch.map(({ partitionkey }) =>
            partitionkey === '50' ? { outcome: 'conflict' as const } : { outcome: 'recorded' as const },
          ),
        ),
    }
    const report = await runImport({ ...(await prepared()), sink, checkpoint: noCheckpoint, before: atStart })
    expect(report.events['lead.captured']).toMatchObject({ conflict: 1 })
    expect(report.errors).toBe(4)
    expect(report.firstErrors).toContainEqual(
      expect.objectContaining({ file: 'leads.csv', line: 52, code: 'CONFLICT', event: 'lead.captured' }),
    )
  })

  it('tried out dry shows counts, examples, errors and repeated keys', async () => {
    const { sources, ...rest } = await prepared()
    const sink = drySink()
    const twice = [...sources, sources[1]!]
    const report = await runImport({ ...rest, sources: twice, sink, checkpoint: noCheckpoint, before: atStart })
    expect(report).toMatchObject({ rows: 2_504, errors: 3 })
    expect(report.events['deal.lost']).toMatchObject({ recorded: 2, duplicate: 2 })
    expect(sink.examples.get('lead.captured')).toMatchObject({ data: { lead: '0', owner: 'Ann' } })
    const text = renderReport({ ...report, examples: Object.fromEntries(sink.examples) })
    expect(text).toContain('dry run: nothing was written')
    expect(text).toContain('2 with the id of an earlier row')
  })
})
