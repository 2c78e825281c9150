import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { hashText, importIdOf, sourcesOf } from './files.js'
import { readMapping } from './mapping.js'
import { planOf, type Plan } from './plan.js'

let folder: string
let two: Plan
let one: Plan
const at = (name: string) => join(folder, name)
const events = `events: [{ type: deal.lost, time: '{{ at }}', data: { deal: '{{ id }}' } }]`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funnel-files-'))
  const plan = async (name: string, inputs: string) => {
    await writeFile(at(name), `mapping: 1\nsource: crm\ninputs:\n${inputs}`)
    return planOf(await readMapping(at(name)))
  }
  one = await plan('one.yaml', `  - { file: deals.csv, key: '{{ id }}', ${events} }\n`)
  two = await plan(
    'two.yaml',
    `  - { file: deals-*.csv, key: '{{ id }}', joins: [{ file: team.csv, as: team, on: { id: '{{ id }}' } }], ${events} }
  - { file: old.csv, key: '{{ id }}', ${events.replace('type:', 'name: old, type:')} }\n`,
  )
  for (const name of ['deals.csv', 'deals-1.csv', 'deals-2.csv', 'team.csv', 'old.csv'])
    await writeFile(at(name), `id,at\n${name},1\n`)
})
afterAll(() => rm(folder, { recursive: true }))

describe('The files of an import', () => {
  it('are told apart by name, taken in the order of the mapping, with joined files beside them', async () => {
    const sources = await sourcesOf(two, [at('old.csv'), at('deals-2.csv'), at('deals-1.csv')])
    expect(sources.map(({ path, joins }) => [path, joins])).toEqual([
      [at('deals-2.csv'), [at('team.csv')]],
      [at('deals-1.csv'), [at('team.csv')]],
      [at('old.csv'), []],
    ])
  })
  it('may have any name where there is one input and one file', async () => {
    expect((await sourcesOf(one, [at('old.csv')])).map(({ path }) => path)).toEqual([at('old.csv')])
  })
  it('do not include what an earlier run said of them, where a pattern of the shell does', async () => {
    const given = ['deals-1.csv', 'deals-1.csv.errors.csv', 'deals-2.csv'].map(at)
    expect((await sourcesOf(two, given)).map(({ path }) => path)).toEqual([at('deals-1.csv'), at('deals-2.csv')])
  })
  it('must each be for something', async () => {
    await expect(sourcesOf(two, [at('old.csv'), at('deals.csv')])).rejects.toThrow(
      `${at('deals.csv')}: no part of the mapping is for this; it knows deals-*.csv, team.csv, old.csv`,
    )
  })
  it('must be there, joined ones too', async () => {
    for (const [path, why] of [
      [at('none.csv'), 'there is no such file'],
      [folder, 'this is a folder; name the file itself'],
    ] as const)
      await expect(sourcesOf(one, [path])).rejects.toMatchObject({ code: 'INVALID', message: `${path}: ${why}` })
    await rm(at('team.csv'))
    await expect(sourcesOf(two, [at('deals-1.csv')])).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/there is no such file; .*joins it to deals-1.csv/),
    })
    await writeFile(at('team.csv'), 'id,at\nteam.csv,1\n')
  })
  it('give the import its id by what they hold, the mapping included, not by their names', async () => {
    const id = async (mapping: string, ...names: string[]) =>
      importIdOf(hashText(mapping), await sourcesOf(one, names.map(at)))
    const first = await id('m', 'old.csv')
    await writeFile(at('copy.csv'), 'id,at\nold.csv,1\n')
    expect(await id('m', 'copy.csv')).toBe(first)
    expect(await id('n', 'old.csv')).not.toBe(first)
    await writeFile(at('copy.csv'), 'id,at\nold.csv,2\n')
    expect(await id('m', 'copy.csv')).not.toBe(first)
  })
})
