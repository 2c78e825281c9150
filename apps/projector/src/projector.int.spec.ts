import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startHeadReader } from '@funnel/event-log'
import { migrateStore } from '@funnel/event-store'
import { createLogger, createPool, startService, type Service } from '@funnel/platform'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { ProjectorConfig } from './config.js'
import { ProjectorModule } from './projector.module.js'

describe('projector', () => {
  let database: TestDatabase
  let projector: Service | undefined
  let heads: ReturnType<typeof startHeadReader>
  beforeAll(async () => {
    database = await testDatabase()
    await migrateStore(database.url)
    heads = startHeadReader({ url: database.url, logger: createLogger('test', 'silent') })
  })
  afterAll(async () => {
    await projector?.close()
    await heads.close()
    await database.drop()
  })

  const start = async (): Promise<void> => {
    const config = Object.assign(new ProjectorConfig(), { databaseUrl: database.url, port: 0, logLevel: 'silent' })
    projector = await startService({ name: 'projector', config, module: ProjectorModule })
  }
  const ready = async () => {
    const answer = await fetch(`${projector!.url}/health/ready`)
    return { status: answer.status, body: (await answer.json()) as { notes: Record<string, string> } }
  }

  it('is ready while it folds, and notes what is parked, dimensions of too many values and read models of other definitions', async () => {
    await start()
    await until(async () => (await ready()).status === 200)
    expect((await ready()).body).toEqual({ status: 'ready', workspace: 'default', why: {}, notes: {} })
    await projector!.close()

    const pool = createPool(database.url, 'test')
    const { rowCount } = await pool.query(
      `update read.generation set parked = 2, definitions = jsonb_set(definitions, '{dimensions}', '[]'), definitions_hash = 'other'`,
    )
    expect(rowCount).toBe(1)
    const values = async (dimension: string, from: number, to: number) =>
      pool.query(
        `insert into gen_1.dims select i, jsonb_build_object($1::text, i::text, 'same', 'x') from generate_series($2::int, $3::int) i`,
        [dimension, from, to],
      )
    await values('few', 1, 10_000)
    await values('many', 10_001, 20_001)
    await pool.end()
    await start()
    // notes are there before the first batch is, and until then it is not ready
    await until(async () => (await ready()).status === 200)
    await until(async () => 'dimensions' in (await ready()).body.notes)
    expect(await (await fetch(`${projector!.url}/metrics`)).text()).toMatch(
      /^funnel_projection_dimension_values\{dimension="few".*\} 10000$/m,
    )
    expect(await ready()).toMatchObject({
      status: 200,
      body: {
        notes: {
          dimensions: 'more than 10000 values, as ids and texts have: many',
          parked: '2 subjects could not be folded and stand still: mend the fold, then run `funnel rebuild`',
          definitions: 'the read models were made with other definitions than this process has: run `funnel rebuild`',
        },
      },
    })
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error('not within 20 s')
}
