import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { isUuid } from '@funnel/events'
import { openCsv } from './csv.js'
import { loadJoin } from './join.js'
import { mapperOf, type Draft, type Reading } from './mapper.js'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-mapper-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Reads a CSV text by the one input of a mapping text, with texts of files to join. */
async function map(mapping: string, csvText: string, joins: Record<string, string> = {}) {
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const plan = planOf(await readMapping(await file('map.yaml', `mapping: 1\nsource: crm\ninputs:\n${mapping}`)))
  for (const [name, text] of Object.entries(joins)) await file(name, text)
  const input = plan.inputs[0]!
  const path = await file('main.csv', csvText)
  const csv = await openCsv(path, input.dialect)
  const tables = await Promise.all(
    input.joins.map(({ file: name, on, dialect }) =>
      loadJoin(
        join(folder, name),
        on.map(({ column }) => column),
        dialect,
      ),
    ),
  )
  const mapper = mapperOf(input, plan.source, csv, path, tables)
  const readings: Reading[] = []
  for await (const { cells } of csv.lines) readings.push(mapper.read(cells))
  return { readings, unmatched: mapper.unmatched }
}

const drafts = (readings: readonly Reading[]): readonly Draft[] =>
  readings.flatMap((reading) => ('events' in reading ? reading.events : []))

const lead = `  - file: main.csv
    key: '{{ id }}'
    events:
      - type: lead.captured
        time: '{{ at }}'
        data: { lead: '{{ id }}', properties: { origin: '{{ origin }}' } }
      - type: lead.stage-entered
        when: { stage: { not: ['', new] } }
        time: '{{ at }}'
        data: { lead: '{{ id }}', stage: { value: '{{ stage }}', map: { Q: mql, S: sql, X: null } } }
`

describe('A mapped row', () => {
  it('gives several events, each under its condition', async () => {
    const { readings } = await map(lead, 'id,at,origin,stage\n1,2026-01-02,web,Q\n2,2026-01-03,,new\n')
    expect(readings.map((reading) => 'events' in reading && reading.events.map(({ type }) => type))).toEqual([
      ['lead.captured', 'lead.stage-entered'],
      ['lead.captured'],
    ])
    const [first, stage] = drafts(readings)
    expect(first).toMatchObject({
      source: 'crm',
      time: '2026-01-02T00:00:00.000Z',
      data: { lead: '1', properties: { origin: 'web' } },
    })
    expect(stage?.data).toEqual({ lead: '1', stage: 'mql' })
  })

  it('keeps the empty text apart from unknown and from missing', async () => {
    const { readings } = await map(
      lead.replace('{{ origin }}', '{{ origin | nonempty }}'),
      'id,at,origin,stage\n1,2026-01-02,,\n',
    )
    expect(drafts(readings)[0]?.data).toEqual({ lead: '1', properties: {} })
    const kept = await map(lead, 'id,at,origin,stage\n1,2026-01-02,,\n2,2026-01-02,unknown,\n')
    expect(drafts(kept.readings).map(({ data }) => data['properties'])).toEqual([{ origin: '' }, { origin: 'unknown' }])
  })

  it('has ids that depend on source, type, event name and row key and on nothing else', async () => {
    const once = drafts((await map(lead, 'id,at,origin,stage\n1,2026-01-02,web,Q\n2,2026-01-03,web,S\n')).readings)
    const again = drafts((await map(lead, 'at,stage,id,origin\n2027-05-05,S,2,other\n2027-05-05,Q,1,other\n')).readings)
    expect(once.every(({ id }) => isUuid(id))).toBe(true)
    expect(new Set(once.map(({ id }) => id)).size).toBe(4)
    expect(new Set(again.map(({ id }) => id))).toEqual(new Set(once.map(({ id }) => id)))
  })

  it('may take the name of an event from the row, so that a later state of it is another event', async () => {
    const named = lead.replace(
      'type: lead.stage-entered',
      "type: lead.stage-entered\n        name: 'stage {{ stage }}'",
    )
    const before = drafts((await map(named, 'id,at,origin,stage\n1,2026-01-02,web,Q\n')).readings)
    const after = drafts((await map(named, 'id,at,origin,stage\n1,2026-01-02,web,S\n')).readings)
    expect(after[0]?.id).toBe(before[0]?.id)
    expect(after[1]?.id).not.toBe(before[1]?.id)
  })

  it('tells the order of events of one time by a column or a number', async () => {
    const ordered = lead.replace(
      '      - type: lead.stage-entered',
      "        sequence: 0\n      - type: lead.stage-entered\n        sequence: '{{ step | nonempty }}'",
    )
    const { readings } = await map(ordered, 'id,at,origin,stage,step\n1,2026-01-02,web,Q,3\n2,2026-01-02,web,S,\n')
    expect(drafts(readings).map(({ sequence }) => sequence)).toEqual(['0', '3', '0', undefined])
  })

  it.each([
    [
      'a time that is none',
      '1,soon,web,Q',
      { event: 'lead.captured', field: 'time', message: '"soon" is not a time of ISO 8601' },
    ],
    ['an empty time', '1,,web,Q', { event: 'lead.captured', field: 'time' }],
    ['an empty key', ',2026-01-02,web,Q', { field: 'key', message: 'the key of the row is empty' }],
    [
      'a word the map lacks',
      '1,2026-01-02,web,ZZ',
      { event: 'lead.stage-entered', field: 'data.stage', message: '"ZZ" is not in the map' },
    ],
  ])('with %s gives no event, not even those that would be right, and says why', async (_, row, wrong) => {
    const { readings } = await map(lead, `id,at,origin,stage\n${row}\n`)
    expect(readings).toEqual([{ wrong: expect.objectContaining(wrong) }])
  })

  it('is skipped with the reason given', async () => {
    const skipping = lead.replace(
      '    events:',
      "    skip: [{ when: { stage: Z, at: '' }, because: no date }]\n    events:",
    )
    const { readings } = await map(skipping, 'id,at,origin,stage\n1,,web,Z\n2,2026-01-01,web,Q\n')
    expect(readings[0]).toEqual({ skipped: 'no date' })
    expect(readings[1]).toHaveProperty('events')
  })
})

const deal = `  - file: main.csv
    key: '{{ id }}'
    joins:
      - { file: team.csv, as: team, on: { agent: '{{ agent }}' } }
      - { file: offices.csv, as: office, on: { city: '{{ team.city }}', unit: { value: '{{ unit }}', map: { S: Sales }, otherwise: keep } } }
    events:
      - type: deal.won
        time: { value: '{{ on }}', format: dd/MM/yyyy, zone: America/New_York }
        data:
          deal: 'd-{{ id }}'
          owner: '{{ agent | nonempty }}'
          amount: { money: '{{ value | nonempty }}', currency: '{{ currency | upper }}' }
          properties: { manager: '{{ team.manager }}', region: '{{ office.region | default("none") }}' }
`
const files = {
  'team.csv': 'agent,manager,city\nAnn,Mo,Oslo\nBen,Mo,\n',
  'offices.csv': 'city,unit,region\nOslo,Sales,North\nOslo,IT,South\n',
}

describe('A joined row', () => {
  it('takes columns of further files, also by keys of several columns with values normalised', async () => {
    const { readings, unmatched } = await map(
      deal,
      'id,agent,unit,on,value,currency\n1,Ann,S,13/07/2026,"1,000.5",usd\n2,Ann,IT,13/07/2026,7,jpy\n',
      files,
    )
    expect(drafts(readings).map(({ time, data }) => ({ time, data }))).toEqual([
      {
        time: '2026-07-13T04:00:00.000Z',
        data: {
          deal: 'd-1',
          owner: 'Ann',
          amount: { minor: 100_050, currency: 'USD' },
          properties: { manager: 'Mo', region: 'North' },
        },
      },
      {
        time: '2026-07-13T04:00:00.000Z',
        data: {
          deal: 'd-2',
          owner: 'Ann',
          amount: { minor: 7, currency: 'JPY' },
          properties: { manager: 'Mo', region: 'South' },
        },
      },
    ])
    expect(unmatched.size).toBe(0)
  })

  it('stays when nothing matches; its joined columns are missing, and keys that found nothing are counted', async () => {
    const { readings, unmatched } = await map(
      deal,
      'id,agent,unit,on,value,currency\n1,ann,S,13/07/2026,,usd\n2,,S,13/07/2026,,usd\n3,Ben,S,13/07/2026,,usd\n',
      files,
    )
    expect(drafts(readings).map(({ data }) => data)).toEqual([
      { deal: 'd-1', owner: 'ann', properties: { region: 'none' } },
      { deal: 'd-2', properties: { region: 'none' } },
      { deal: 'd-3', owner: 'Ben', properties: { manager: 'Mo', region: 'none' } },
    ])
    expect(unmatched).toEqual(new Map([['team', { rows: 1, examples: new Set(['ann']) }]]))
  })

  it.each([
    [
      'a key twice',
      { 'team.csv': 'agent,manager,city\nAnn,Mo,Oslo\nAnn,Jo,Oslo\n' },
      'team.csv:3: the key is there already, at line 2',
    ],
    [
      'no key column',
      { 'team.csv': 'name,manager,city\nAnn,Mo,Oslo\n' },
      'team.csv: there is no column "agent" to join on; there are name, manager, city',
    ],
    ['a ragged row', { 'team.csv': 'agent,manager,city\nAnn,Mo\n' }, 'team.csv:2: the row has 2 cells, the header 3'],
  ])('needs a file without %s', async (_, broken, message) => {
    await expect(map(deal, 'id,agent,unit,on,value,currency\n', { ...files, ...broken })).rejects.toThrow(message)
  })
})

describe('A mapping for a file', () => {
  it('that lacks columns names them with the lines that use them', async () => {
    const path = join(folder, 'map.yaml')
    await expect(map(lead, 'id,when,stage\n')).rejects.toThrow(
      `${path}:8: there is no column "at" in main.csv\n${path}:9: there is no column "origin" in main.csv\nThe columns are id, when, stage`,
    )
  })
})
