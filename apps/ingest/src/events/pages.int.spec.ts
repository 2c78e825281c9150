import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inFlight, running, slowly, type Running } from '../testing/ingest.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running({ IN_FLIGHT_BYTES: '1000000' })
})
afterAll(() => ingest.close())

const origin = 'https://www.example.com'
const event = JSON.stringify({ type: 'touchpoint.recorded', id: 'page-1', data: { visitor: 'v-1', kind: 'page' } })

/** What a browser asks before a page of another origin may send. */
const asked = (path: string, method: string, url = ingest.url) =>
  fetch(`${url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type',
    },
  })
const told = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))
const readable = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' }

describe('A page of another origin', () => {
  it.each([
    ['/v1/events', 'POST'],
    ['/v1/events?page=1', 'POST'],
    ['/v1/limits', 'GET'],
  ])('may ask %s, as its browser is told before', async (path, method) => {
    const answer = await asked(path, method)
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(told(answer)).toEqual({
      ...readable,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, content-encoding, x-funnel-import',
      'access-control-max-age': '86400',
    })
  })

  it('may read the verdicts, and the limits', async () => {
    const recorded = await ingest.post(event, { origin })
    expect([recorded.status, told(recorded)]).toEqual([200, readable])
    expect(await recorded.json()).toMatchObject({ accepted: 1 })
    const limits = await fetch(`${ingest.url}/v1/limits`, { headers: { origin } })
    expect([limits.status, told(limits)]).toEqual([200, readable])
  })

  it('may read why it was refused, and when to come back', async () => {
    const refusals = [
      [401, await ingest.post(event, { origin, authorization: 'Bearer wk_guess' })],
      [415, await ingest.post(event, { origin, 'content-type': 'text/html' })],
      [413, await ingest.post(' '.repeat(500_001), { origin })],
    ] as const
    for (const [status, refused] of refusals) expect([refused.status, told(refused)]).toEqual([status, readable])

    const held = [490_000, 490_000].map((length) => slowly(ingest, ' '.repeat(length)))
    while ((await inFlight(ingest)) < 979_998) await new Promise((resolve) => setTimeout(resolve, 20))
    const busy = await ingest.post(' '.repeat(400_000), { origin })
    expect([busy.status, told(busy), busy.headers.get('retry-after')]).toEqual([429, readable, '1'])
    for (const { abort, answer } of held) {
      abort()
      await expect(answer).rejects.toThrow()
    }

    await ingest.pool.query('alter table store.write_key rename to write_key_away')
    const away = await ingest.post(event, { origin, authorization: 'Bearer wk_another' })
    await ingest.pool.query('alter table store.write_key_away rename to write_key')
    expect([away.status, told(away)]).toEqual([503, readable])
  })

  it('needs no admin token where one is set', async () => {
    const closed = await running({ FUNNEL_TOKEN: 'a-token-of-sixteen-or-more' })
    try {
      expect((await asked('/v1/events', 'POST', closed.url)).status).toBe(204)
      expect(told(await closed.post(event, { origin }))).toEqual(readable)
    } finally {
      await closed.close()
    }
  })

  it('may ask nothing else', async () => {
    for (const path of ['/v1/commands', '/v1/event', '/v1/events/x', '/metrics', '/health/ready']) {
      const answer = await asked(path, 'POST')
      expect([path, answer.status, told(answer)]).toEqual([path, 404, {}])
      expect(told(await fetch(`${ingest.url}${path}`, { headers: { origin } }))).toEqual({})
    }
    const command = await ingest.command({ type: 'lead.advance', lead: 'lead-1', stage: 'mql' }, { origin })
    expect(told(command)).toEqual({})
  })
})
