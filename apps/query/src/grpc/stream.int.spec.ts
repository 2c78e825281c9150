import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { freePort, startService, type Service } from '@funnel/platform'
import { createClient, type FunnelClient } from '@funnel/query-api'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { QueryConfig } from '../config.js'
import { queryService } from '../service.js'
import { definitions } from '../testing/definitions.js'
import { HandMadeReadModel } from '../testing/read-model.js'

describe('a stream of the query service', () => {
  let database: TestDatabase
  let model: HandMadeReadModel
  let service: Service
  let client: FunnelClient
  beforeAll(async () => {
    database = await testDatabase()
    model = new HandMadeReadModel(database.url)
    await model.createGeneration(definitions)
    await model.fold(1, '2024-05-01T00:00:00.000Z')
    const config = Object.assign(new QueryConfig(), {
      databaseUrl: database.url,
      port: 0,
      grpcPort: await freePort(),
      logLevel: 'silent',
    })
    service = await startService({ ...queryService, config })
    client = createClient(`127.0.0.1:${config.grpcPort}`)
  })
  afterAll(async () => {
    client?.close()
    await service?.close()
    await model?.close()
    await database?.drop()
  })

  it('fails as unavailable when the service stops: who watches is told to ask again, not that all is said', async () => {
    const streams = [client.watchKpi({ question: { kpi: 'leads' } }), client.watchClocks()]
    for (const stream of streams) expect((await stream.next()).done).toBe(false)
    const ends = Promise.allSettled(streams.map((stream) => stream.next()))
    await service.close()
    const reason = expect.objectContaining({
      code: 'UNAVAILABLE',
      details: expect.objectContaining({ retryAfter: '1' }),
    })
    expect(await ends).toEqual(streams.map(() => ({ status: 'rejected', reason })))
  })
})
