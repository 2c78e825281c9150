import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { migrateStore } from '@funnel/event-store'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { atStart, noCheckpoint } from './checkpoint.js'
import { drySink } from './dry-sink.js'
import { openErrorFile } from './error-file.js'
import { hashText, importIdOf, sourcesOf } from './files.js'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'
import { silent } from './progress.js'
import { renderReport } from './report.js'
import { runImport } from './run.js'
import type { Sink, Told } from './sink.js'
import { storeSink } from './store-sink.js'

let folder: string
let database: TestDatabase
let pool: pg.Pool
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-personal-'))
  database = await testDatabase()
  await migrateStore(database.url)
  pool = new pg.Pool({ connectionString: database.url, max: 1 })
  await writeFile(
    at('map.yaml'),
    `mapping: 1
source: crm
inputs:
  - file: leads.csv
    key: '{{ id }}'
    joins: [{ file: news.csv, as: news, on: { mail: '{{ mail | lower }}' } }]
    events:
      - type: lead.captured
        time: '{{ at }}'
        data: { lead: '{{ id }}', properties: { origin: { value: '{{ origin }}', map: { w: web } } } }
        personal: { email: '{{ mail }}', name: '{{ first }} {{ last }}', phone: '{{ phone }}' }
      - type: visitor.identified
        when: { news.wanted: 'yes' }
        time: '{{ at }}'
        data: { visitor: 'v-{{ id }}', person: 'p-{{ id }}' }
        personal: { city: '{{ city }}' }
`,
  )
  await writeFile(
    at('leads.csv'),
    [
      'id,at,origin,mail,first,last,phone,city',
      '1,2026-01-01,w,Planted.One@example.com,Planted,One,,',
      '2,2026-01-02,w,planted.one@example.com,Planted,One,+49 170 7654321,Plantedtown',
      '3,2026-01-03,w,planted three,Planted,Three,,', // no e-mail address
      '4,2026-01-04,Planted Four,,Planted,Four,7654321,', // the name stands in the wrong column, too
      '5,2026-01-05,w,,Planted,Five,,', // tells of nobody
      '6,2026-01-06,w,planted.six@example.com, , ,,',
      '7,2026-01-07,planted.seven@example.com and others in the same line,planted.seven@example.com,,,,',
      '8,2026-01-08,by Planted herself,planted.eight@example.com,Planted,Eight,,',
    ].join('\n'),
  )
  await writeFile(at('news.csv'), 'mail,wanted\nplanted.one@example.com,yes\n')
})
afterAll(async () => {
  await pool.end()
  await database.drop()
  await rm(folder, { recursive: true })
})

async function imported(sink: Sink) {
  const mapping = await readMapping(at('map.yaml'))
  const plan = planOf(mapping)
  const sources = await sourcesOf(plan, [at('leads.csv')])
  const mappingHash = hashText(mapping.text)
  const errors = await openErrorFile(at('errors.csv'), false)
  try {
    return await runImport({
      importId: await importIdOf(mappingHash, sources),
      mappingHash,
      source: plan.source,
      sources,
      sink,
      checkpoint: noCheckpoint,
      before: atStart,
      errors,
      progress: silent,
    })
  } finally {
    await errors.close()
    await sink.close()
  }
}
const traces = /planted|7654321/i
const wrong = [
  [4, 'personal.email', 'personal.email is no e-mail address'],
  [5, 'data.properties.origin', '"(hidden)" is not in the map'],
  [6, 'personal', expect.stringContaining('personal tells of nobody')],
  [8, 'data.properties.origin', expect.stringMatching(/^"\(hidden\) and .*" is not in the map$/)],
  [9, 'data.properties.origin', '"by (hidden) herself" is not in the map'],
]

describe('What an import tells of persons', () => {
  it('goes into the vault straight to the store, too: events name persons by ids alone, once each', async () => {
    const report = await imported(await storeSink(database.url))
    expect(report.firstErrors.map(({ line, field, message }) => [line, field, message])).toEqual(wrong)
    expect(report.events).toMatchObject({
      'lead.captured': { recorded: 3, rejected: 0 },
      'visitor.identified': { recorded: 2 },
    })
    const { rows: events } = await pool.query<{ envelope: { type: string; data: { lead?: string; person: string } } }>(
      'select envelope from store.event',
    )
    const personOf = (lead: string) => events.find(({ envelope }) => envelope.data.lead === lead)?.envelope.data.person
    expect(personOf('1')).toBeDefined()
    expect(personOf('2')).toBe(personOf('1'))
    expect(new Set([undefined, 'somebody', personOf('1'), personOf('6')]).size).toBe(4)
    const { rows: profiles } = await pool.query<{ person: string; data: object }>(
      'select person, data from vault.profile',
    )
    const profileOf = (person: string | undefined) => profiles.find((one) => one.person === person)?.data
    expect(profileOf(personOf('1'))).toMatchObject({ name: 'Planted One', phone: '+49 170 7654321' })
    expect(profileOf(personOf('6'))).toEqual({ email: 'planted.six@example.com' })
    expect(profileOf('p-2')).toEqual({ city: 'Plantedtown' })
    expect(profileOf('p-1')).toBeUndefined() // its city is empty

    for (const text of [JSON.stringify(events), JSON.stringify(report), renderReport(report)])
      expect(text).not.toMatch(traces)
    expect(await readFile(at('errors.csv'), 'utf8')).not.toMatch(traces)

    // again: the same events, and nobody anew
    const again = await imported(await storeSink(database.url))
    expect(again.events).toMatchObject({
      'lead.captured': { recorded: 0, duplicate: 3, conflict: 0 },
      'visitor.identified': { duplicate: 2, conflict: 0 },
    })
    expect((await pool.query('select from vault.profile')).rowCount).toBe(profiles.length)
  })

  it('is sent to the door beside the events, which name nobody whom only the vault can name', async () => {
    const sent: Told[] = []
    const all = { outcome: 'recorded' as const }
    await imported({
      name: 'a door',
      send: (events) => Promise.resolve(events.map((event) => (sent.push(event), all))),
      close: () => Promise.resolve(),
    })
    expect(sent.map(({ data, personal }) => ({ data, personal }))).toMatchObject([
      { data: { lead: '1' }, personal: { email: 'Planted.One@example.com', name: 'Planted One' } },
      { data: { person: 'p-1' }, personal: undefined },
      { data: { lead: '2' }, personal: { email: 'planted.one@example.com', phone: '+49 170 7654321' } },
      { data: { person: 'p-2' }, personal: { city: 'Plantedtown' } },
      { data: { lead: '6' }, personal: { email: 'planted.six@example.com' } },
    ])
    expect(sent[0]!.data).not.toHaveProperty('person')
  })

  it('is not shown by a dry run, only which fields there are', async () => {
    const sink = drySink()
    const report = await imported(sink)
    expect(sink.examples.get('lead.captured')).toMatchObject({ data: { lead: '1' }, personal: ['email', 'name'] })
    expect(report.unmatched).toMatchObject({ news: { examples: ['(hidden)'] } })
    const text = renderReport({ ...report, examples: Object.fromEntries(sink.examples) })
    expect(text).not.toMatch(traces)
  })
})
