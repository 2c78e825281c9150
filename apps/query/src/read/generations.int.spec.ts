import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPool } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import type pg from 'pg'
import { definitions } from '../testing/definitions.js'
import { HandMadeReadModel } from '../testing/read-model.js'
import { ReadDatabase } from './database.js'
import { Generations } from './generations.js'

describe('what is known of the live generation', () => {
  let server: TestDatabase
  let model: HandMadeReadModel
  let pool: pg.Pool
  let generations: Generations
  beforeAll(async () => {
    server = await testDatabase()
    model = new HandMadeReadModel(server.url)
    pool = createPool(server.url, 'spec', 2)
    generations = new Generations(new ReadDatabase(pool, pool))
    await model.createGeneration(definitions)
  })
  afterAll(async () => {
    await pool?.end()
    await model?.close()
    await server?.drop()
  })

  const fact = (topic: number, position: number, type: string, recorded: string, data: object) =>
    model.pool.query(
      `insert into gen_1.fact values ($1, 0, $2, gen_random_uuid(), $3, 'stream', 1, 'spec', $4, $4, $5, null, false)`,
      [topic, position, type, recorded, JSON.stringify(data)],
    )
  const applied = (position: number, version: number, effective: string) =>
    fact(6, position, 'definition.applied', effective, {
      definition: 'funnel/funnel',
      version,
      effective,
      approved: { marketing: 'mia', sales: 'sam' },
      hash: '',
      content: { ...definitions.funnel, version },
    })
  const inForce = async () => {
    generations.forget()
    const { versions } = await generations.current()
    return versions.periods.map(({ definitions }) => definitions.funnel.version)
  }

  it('is from when on versions count: from the beginning, once business begins after all was set up', async () => {
    await applied(1, 2, '2024-01-01T00:00:00Z')
    await applied(2, 3, '2024-01-02T00:00:00Z')
    await model.pool.query(`update read.generation set positions = '{"definitions": [2]}'`)
    await model.fold(1, '2024-01-03T00:00:00Z')
    expect(await inForce()).toEqual([2, 3])
    await fact(2, 1, 'lead.captured', '2024-01-04T00:00:00Z', {})
    await model.fold(1, '2024-01-05T00:00:00Z')
    expect(await inForce()).toEqual([3])
  })
})
