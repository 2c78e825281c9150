import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readDatabase, type ReadDatabase } from '../testing/database.js'
import { definitions, epoch } from '../testing/scene.js'
import { dimensionValues } from './dimension-values.js'
import { createGeneration } from './generation.js'

describe('the values of dimensions', () => {
  let database: ReadDatabase
  beforeAll(async () => {
    database = await readDatabase()
  })
  afterAll(() => database.drop())

  it('are counted once each, in whatever sets they stand', async () => {
    const generation = await createGeneration(database.pool, { definitions, epoch, state: 'live' })
    expect(await dimensionValues(database.pool, generation)).toEqual(new Map())
    await database.pool.query(
      `insert into ${generation.schema}.dims select row_number() over (), v::jsonb from unnest($1::text[]) v`,
      [['{}', '{"a": "x"}', '{"a": "x", "b": "y"}', '{"a": "", "b": "y"}', '{"a": "unknown"}']],
    )
    expect(await dimensionValues(database.pool, generation)).toEqual(
      new Map([
        ['a', 3],
        ['b', 1],
      ]),
    )
  })
})
