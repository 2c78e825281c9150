import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { demo, startPlatform, type Platform } from './platform.js'
import { startReceiver, type Receiver } from './receiver.js'

const CANARY = 'canary7f3a'

describe('The logs of all services at their most talkative', () => {
  let platform: Platform
  let folder: string
  let receiver: Receiver
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'funnel-canary-'))
    receiver = await startReceiver(folder)
    platform = await startPlatform({
      logLevel: 'trace',
      automation: true,
      definitions: [demo, receiver.definitions],
      destinations: receiver.destinations,
    })
  }, 120_000)
  afterAll(async () => {
    await platform?.stop()
    await receiver?.close()
    await rm(folder, { recursive: true })
  })

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

  it('hold nothing of what was sent: not of good events and commands, bad ones, broken ones or headers, nor of what follows', async () => {
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

    const command = (body: object, key: string, token = platform.commandKey) =>
      post(
        JSON.stringify(body),
        { authorization: `Bearer ${token}`, 'idempotency-key': `${CANARY}-${key}` },
        '/v1/commands',
      )
    const advance = { type: 'lead.advance', lead: CANARY, stage: 'mql', actor: CANARY }
    expect(await command(advance, 'good')).toBe(200)
    expect(await command({ ...advance, stage: CANARY }, 'good')).toBe(409)
    expect(await command({ ...advance, stage: CANARY }, 'bad')).toBe(400)
    expect(await command({ ...advance, note: CANARY }, 'worse')).toBe(400)
    expect(await command({ ...advance, lead: `no-${CANARY}` }, 'absent')).toBe(404)
    expect(await command(advance, 'forbidden', `wk_${CANARY}`)).toBe(401)
    // automation offers the lead, nobody takes it, and the notifier tells that
    for (const end = Date.now() + 60_000; !receiver.received.some((body) => body.includes(CANARY)); await sleep(50))
      if (Date.now() > end) throw new Error('nobody was told of the lead within a minute')
    const early = { type: 'lead.convert', lead: CANARY, deal: CANARY, actor: CANARY }
    expect(await command(early, 'refused')).toBe(422)

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
    expect(platform.services).toHaveLength(7)
    for (const service of platform.services) {
      const log = service.log()
      // from its first line on, or the test shows nothing
      expect(log).toContain(`${service.name} is up`)
      expect(log.split('\n').filter((line) => line.includes(CANARY))).toEqual([])
    }
    expect(platform.services[0]!.log()).toContain('a request failed')
  }, 120_000)
})
