import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { startPlatform, type Platform } from './platform.js'

const CANARY = 'canary7f3a'

describe('The logs of all services at their most talkative', () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await startPlatform({ logLevel: 'trace' })
  }, 120_000)
  afterAll(() => platform?.stop())

  const post = async (body: string | Buffer, headers: Record<string, string> = {}, path = '/v1/events') => {
    const { status } = await fetch(`${platform.ingest}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${platform.writeKey}`,
        'content-type': 'application/json',
        'user-agent': CANARY,
        'x-forwarded-for': CANARY,
        cookie: `session=${CANARY}`,
        ...headers,
      },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
    return status
  }
  const touch = (visitor: string, properties: object = {}) => ({
    id: `${CANARY}-${visitor}`,
    type: 'touchpoint.recorded',
    data: { visitor, kind: 'page', properties },
  })

  it('hold nothing of what was sent: not of good events, bad ones, broken ones or headers', async () => {
    const good = [
      touch(`v-${CANARY}`, { note: CANARY }),
      { type: 'lead.captured', id: 'l', data: { lead: CANARY, person: CANARY, owner: CANARY } },
    ]
    const bad = [
      touch('v-1', { email: `${CANARY}@example.com` }),
      touch(`v-${CANARY}`, { note: `other ${CANARY}` }),
      { type: CANARY, data: {} },
      { ...touch('v-2'), time: CANARY },
      { ...touch('v-3'), [CANARY]: 1 },
    ]
    expect(await post(JSON.stringify([...good, ...bad]))).toBe(200)
    expect(await post(gzipSync(JSON.stringify(good)), { 'content-encoding': 'gzip' })).toBe(200)
    expect(await post(`{"a":"${CANARY}"\n`, { 'content-type': 'application/x-ndjson' })).toBe(200)
    expect(await post(`{"${CANARY}":`)).toBe(400)
    expect(await post(CANARY, { 'content-encoding': 'gzip' })).toBe(400)
    expect(await post('{}', { 'x-funnel-import': `${CANARY} !` })).toBe(400)
    expect(await post('{}', { 'content-type': `text/${CANARY}` })).toBe(415)
    expect(await post('{}', { authorization: `Bearer wk_${CANARY}` })).toBe(401)
    expect(await post('{}', {}, `/v1/${CANARY}?email=${CANARY}`)).toBe(404)

    // a bug, which is told in the log
    const client = new pg.Client({ connectionString: platform.databaseUrl })
    await client.connect()
    await client.query('alter function store.append rename to hidden')
    expect(await post(JSON.stringify(touch('v-9', { note: CANARY })))).toBe(500)
    await client.query('alter function store.hidden rename to append')
    await client.end()

    await platform.settled()
    const { leads } = await platform.query.listLeads({})
    expect(leads.map(({ lead }) => lead)).toEqual([CANARY])
    for (const service of platform.services) {
      const log = service.log()
      // from its first line on, or the test shows nothing
      expect(log).toContain(`${service.name} is up`)
      expect(log.split('\n').filter((line) => line.includes(CANARY))).toEqual([])
    }
    expect(platform.services[0]!.log()).toContain('a request failed')
  }, 120_000)
})
