import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { readMapping } from './mapping.js'
import { planOf } from './plan.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-mapping-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The mistakes of a mapping text, without the folder. */
async function mistakesOf(text: string): Promise<readonly string[]> {
  const path = join(folder, 'map.yaml')
  await writeFile(path, text)
  try {
    planOf(await readMapping(path))
    return []
  } catch (error) {
    if (!(error instanceof FunnelError) || error.code !== 'INVALID') throw error
    return (error.details['mistakes'] as string[]).map((line) => line.replace(`${folder}/`, ''))
  }
}

const good = `mapping: 1
source: crm
inputs:
  - file: leads.csv
    key: '{{ id }}'
    events:
      - type: lead.captured
        time: '{{ at }}'
        data: { lead: '{{ id }}', properties: { origin: '{{ origin }}', size: 3, test: false } }
`

describe('A mapping', () => {
  it('that is right has no mistakes', async () => {
    expect(await mistakesOf(good)).toEqual([])
  })

  it.each([
    [
      'an unknown key',
      good.replace('source: crm', 'sorce: crm'),
      ['map.yaml:1: the mapping lacks "source"', 'map.yaml:2: "sorce" is not known in the mapping'],
    ],
    ['another version', good.replace('mapping: 1', 'mapping: 2'), ['map.yaml:1: mapping must be 1']],
    ['a wrong type', good.replace("key: '{{ id }}'", 'key: [1]'), ['map.yaml:5: inputs.0.key must be string']],
    ['broken YAML', good.replace('source: crm', 'source: {crm'), [expect.stringMatching(/^map\.yaml:3: /)]],
    [
      'an unknown event type',
      good.replace('lead.captured', 'lead.caught'),
      ['map.yaml:7: there is no event type "lead.caught"'],
    ],
    [
      'a field the event type lacks',
      good.replace("lead: '{{ id }}',", "lead: '{{ id }}', colour: red,"),
      [expect.stringMatching(/^map\.yaml:9: lead\.captured has no field "colour"; it has lead, /)],
    ],
    [
      'a field the event type needs',
      good.replace("lead: '{{ id }}',", ''),
      ['map.yaml:9: lead.captured needs the field "lead"'],
    ],
    [
      'a wrong template',
      good.replace('{{ at }}', '{{ at | moon }}'),
      [expect.stringMatching(/^map\.yaml:8: "moon" is no function/)],
    ],
    [
      'a wrong zone',
      good.replace("time: '{{ at }}'", "time: { value: '{{ at }}', zone: Mars/Olympus }"),
      [expect.stringMatching(/^map\.yaml:8: "Mars\/Olympus" is no time zone/)],
    ],
    [
      'a key YAML does not read as text',
      good.replace('size: 3', "size: { value: '{{ x }}', map: { True: 1 } }"),
      ['map.yaml:9: write the key True in quotes, so that it is a text'],
    ],
    [
      'a condition YAML does not read as text',
      good.replace("time: '{{ at }}'", "when: { won: true }\n        time: '{{ at }}'"),
      [expect.stringMatching(/^map\.yaml:8: inputs\.0\.events\.0\.when\.won must be string,null,array,object/)],
    ],
    [
      'a currency that is none',
      good.replace('size: 3', "size: { money: '{{ x }}', currency: US$ }"),
      [expect.stringMatching(/^map\.yaml:9: "US\$" is no currency/)],
    ],
    [
      'money without a currency',
      good.replace('size: 3', "size: { money: '{{ x }}' }"),
      ['map.yaml:9: inputs.0.events.0.data.properties.size: "money" needs "currency" beside it'],
    ],
    [
      'two kinds of value at once',
      good.replace('size: 3', "size: { number: '{{ x }}', value: '{{ x }}' }"),
      ['map.yaml:9: one of "value", "number" and "money" must be given'],
    ],
    [
      'an encoding that is none',
      good.replace('leads.csv', 'leads.csv\n    encoding: morse'),
      ['map.yaml:5: "morse" is no encoding, such as windows-1252'],
    ],
    [
      'two events of one name',
      `${good}      - type: lead.captured\n        time: '{{ at }}'\n        data: { lead: '{{ id }}' }\n`,
      ['map.yaml:10: the name "lead.captured" is taken by the event at map.yaml:7; give this one a name of its own'],
    ],
    [
      'a personal field that there is not',
      good + "        personal: { email: '{{ mail }}', iban: '{{ iban }}' }\n",
      [expect.stringContaining('map.yaml:10: there is no personal field "iban"; there are email, phone, name')],
    ],
    [
      'personal data of nobody',
      good + "        personal: { name: '{{ name }}' }\n",
      ['map.yaml:10: personal tells of nobody: add email or phone, or say who it is in data.person'],
    ],
    [
      'personal data that is no text',
      good + "        personal: { phone: { number: '{{ phone }}' } }\n",
      ['map.yaml:10: inputs.0.events.0.personal.phone must be string'],
    ],
  ])('with %s says so with file and line', async (_, text, expected) => {
    const found = await mistakesOf(text)
    expect(found.map((line) => line.replaceAll(`${folder}/`, ''))).toEqual(expected)
  })

  it('as docs/import.md shows it is right', async () => {
    const docs = await readFile(new URL('../../../../docs/import.md', import.meta.url), 'utf8')
    const [, shown] = /```yaml\n(mapping: 1[^`]*)```/.exec(docs) ?? []
    expect(await mistakesOf(shown ?? 'no mapping is shown')).toEqual([])
  })

  it('names all its mistakes at once', async () => {
    const text = good
      .replace('lead.captured', 'lead.caught')
      .replace('{{ at }}', '{{ at')
      .replace('{{ origin }}', '{{ }}')
    expect((await mistakesOf(text)).map((line) => line.split(' ')[0])).toEqual([
      'map.yaml:7:',
      'map.yaml:8:',
      'map.yaml:9:',
    ])
  })

  it('that is not there is named', async () => {
    for (const [path, why] of [
      [join(folder, 'none.yaml'), 'there is no such mapping file'],
      [folder, 'this is a folder; name the mapping file itself'],
    ] as const)
      await expect(readMapping(path)).rejects.toMatchObject({ code: 'INVALID', message: `${path}: ${why}` })
  })
})
