import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { freePort, startService, type Service } from '@funnel/platform'
import { createClient, type FunnelClient } from '@funnel/query-api'
import { testDatabase, type TestDatabase } from '@funnel/testing'
import { QueryConfig } from './config.js'
import { queryService } from './service.js'
import { definitions } from './testing/definitions.js'
import { proxyOf, type Proxy } from './testing/proxy.js'
import { HandMadeReadModel } from './testing/read-model.js'

describe('the query service, when its database falls silent and keeps its connections', () => {
  let database: TestDatabase
  let model: HandMadeReadModel
  let proxy: Proxy
  let service: Service
  let client: FunnelClient
  beforeAll(async () => {
    database = await testDatabase()
    model = new HandMadeReadModel(database.url)
    await model.createGeneration(definitions)
    await model.fold(1, '2024-05-01T00:00:00.000Z')
    proxy = await proxyOf(database.url)
    const config = Object.assign(new QueryConfig(), {
      databaseUrl: proxy.url,
      port: 0,
      grpcPort: await freePort(),
      logLevel: 'silent',
    })
    service = await startService({ ...queryService, config })
    client = createClient(`127.0.0.1:${config.grpcPort}`, { deadline: 20_000 })
  })
  afterAll(async () => {
    client?.close()
    proxy?.speak()
    await service?.close()
    await proxy?.close()
    await model?.close()
    await database?.drop()
  })

  const question = { kpi: 'leads' }
  /** What no answer is kept for. */
  const another = { ...question, to: new Date('2024-04-01T00:00:00.000Z') }
  const readiness = async () => {
    const answer = await fetch(`${service.url}/health/ready`)
    return { status: answer.status, body: (await answer.json()) as { why: Record<string, string> } }
  }
  const until = async (status: number) => {
    let now = await readiness()
    for (const end = Date.now() + 20_000; now.status !== status && Date.now() < end; now = await readiness())
      await sleep(50)
    return now
  }

  it('ends calls as unavailable and is unready, says why, and goes on when it is heard again', async () => {
    expect((await client.queryKpi({ question })).answer?.rows).toHaveLength(1)
    expect((await until(200)).status).toBe(200)
    proxy.fallSilent()
    await expect(client.queryKpi({ question: another })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const unready = {
      status: 503,
      body: {
        why: {
          'read-models': expect.stringMatching('models’ database (does not answer|has not answered|did not say)'),
        },
      },
    }
    expect(await until(503)).toMatchObject(unready)
    // also where new connections are silent
    await expect(client.queryKpi({ question })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(client.listLeads()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await readiness()).toMatchObject(unready)
    proxy.speak()
    expect((await until(200)).status).toBe(200)
    expect((await client.queryKpi({ question })).answer?.rows).toHaveLength(1)
    expect((await client.queryKpi({ question: another })).answer?.rows).toHaveLength(1)
  })

  it('stops all the same', async () => {
    proxy.fallSilent()
    const begin = Date.now()
    await service.close()
    expect(Date.now() - begin).toBeLessThan(15_000)
  })
})
