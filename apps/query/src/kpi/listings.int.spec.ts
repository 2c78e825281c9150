import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createLogger, createPool } from '@funnel/platform'
import { DiffKpiRequest, ExplainKpiRequest } from '@funnel/query-api'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { ReadModels } from '../read/read-models.js'
import { definitions } from '../testing/definitions.js'
import { HandMadeReadModel } from '../testing/read-model.js'
import { diff } from './diff.js'
import { explain } from './explain.js'

describe('the pages of a listing', () => {
  let database: TestDatabase
  let model: HandMadeReadModel
  let models: ReadModels
  beforeAll(async () => {
    database = await testDatabase()
    model = new HandMadeReadModel(database.url)
    models = new ReadModels(createPool(database.url, 'spec'), database.url, createLogger('spec', 'silent'))
    await model.createGeneration(definitions)
    const occurred = '2024-01-10T00:00:00.000Z'
    await model.fold(
      1,
      '2024-05-01T00:00:00.000Z',
      ['1', '2', '3'].flatMap((subject) => [
        { measure: 'lead.captured', occurred, subject },
        { measure: 'stage.entered', stage: 'mql', occurred, subject },
      ]),
    )
  })
  afterAll(async () => {
    await models?.close()
    await model?.close()
    await database?.drop()
  })

  const question = { kpi: 'leads' }
  const patience = () => ({ deadline: Date.now() + 30_000 })
  const explained = (pageToken: string) =>
    explain(models, ExplainKpiRequest.fromPartial({ question, pageSize: 2, pageToken }), patience())
  const differed = (pageToken: string) => {
    const knownFrom = new Date('2024-01-01T00:00:00Z')
    return diff(models, DiffKpiRequest.fromPartial({ question, knownFrom, pageSize: 2, pageToken }), patience())
  }

  it('are of one version of the KPI, whatever is applied between two of them', async () => {
    const first = [await explained(''), await differed('')]
    const applied = '2024-05-02T00:00:00.000Z'
    const content = { ...definitions.kpis[0]!, version: 4, formula: { sum: { measure: 'stage.entered' } } }
    await model.pool.query(
      `insert into gen_1.fact values (6, 0, 1, gen_random_uuid(), 'definition.applied', 'definition-kpi/leads', 1, 'spec', $1, $1, $2, null, false)`,
      [applied, JSON.stringify({ definition: 'kpi/leads', version: 4, effective: applied, hash: '', content })],
    )
    await model.pool.query(`update read.generation set positions = jsonb_set(positions, '{definitions}', '[1]')`)
    await model.fold(1, '2024-05-03T00:00:00.000Z')
    models.generations.forget()
    expect((await explained('')).definition?.version).toBe(4)

    const second = [await explained(first[0]!.nextPageToken), await differed(first[1]!.nextPageToken)]
    for (const { definition, entries } of [...first, ...second]) {
      expect(definition?.version).toBe(3)
      expect(new Set(entries.map(({ measure }) => measure))).toEqual(new Set(['lead.captured']))
    }
    expect([first, second].map((pages) => pages.map(({ entries }) => entries.length))).toEqual([
      [2, 2],
      [1, 1],
    ])
  })
})
