import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Answer } from './events/answer.js'
import { limits } from './limits.js'
import { inFlight, running, slowly, type Running } from './testing/ingest.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running()
})
afterAll(() => ingest.close())

const touch = (id: string, visitor = 'v-1', more: object = {}) => ({
  id,
  type: 'touchpoint.recorded',
  time: '2026-01-05T10:00:00Z',
  data: { visitor, kind: 'page', ...more },
})
const rows = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
  (await ingest.pool.query<R>(text, values)).rows
const problem = async (response: Response) => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  return { status: response.status, ...((await response.json()) as { code: string; detail: string }) }
}

describe('POST /v1/events', () => {
  it('records an event under its canonical form before it answers', async () => {
    const url = 'https://user@example.com/pricing?email=a%40b.c&utm_source=news#top'
    const answer = await ingest.send({ ...touch('Order 1', 'v-2', { url }), time: '2026-01-05T11:00:00+01:00' })
    expect(answer).toMatchObject({ accepted: 1, duplicates: 0, conflicts: 0, rejected: 0 })
    const [row] = await rows<{ envelope: object }>('select envelope from store.event where id = $1', [
      answer.events[0]!.id,
    ])
    expect(row?.envelope).toEqual({
      specversion: '1.0',
      id: answer.events[0]!.id,
      source: '/site',
      type: 'touchpoint.recorded',
      dataschema: 'touchpoint.recorded:1',
      time: '2026-01-05T10:00:00.000Z',
      partitionkey: 'v-2',
      data: { visitor: 'v-2', kind: 'page', url: 'https://example.com/pricing?utm_source=news' },
    })
  })

  it('records 97 of 100 events and keeps the other three with their reason', async () => {
    const events: unknown[] = Array.from({ length: 100 }, (_, i) => touch(`hundred-${i}`))
    events[10] = { ...touch('hundred-10'), type: 'touchpoint.recordd' }
    events[20] = touch('hundred-20', 'v-1', { properties: { email: 'secret' } })
    events[30] = { ...touch('hundred-30'), time: 'yesterday' }
    const answer = await ingest.send(events)
    expect(answer).toMatchObject({ accepted: 97, rejected: 3 })
    expect(answer.events.filter(({ outcome }) => outcome === 'rejected')).toEqual([
      expect.objectContaining({
        index: 10,
        code: 'INVALID',
        field: 'type',
        message: expect.stringContaining('did you mean touchpoint.recorded?'),
      }),
      expect.objectContaining({ index: 20, field: 'data.properties.email', message: expect.stringContaining('vault') }),
      expect.objectContaining({ index: 30, field: 'time' }),
    ])
    const kept = await rows<{ field: string; body: string }>(
      'select r.field, v.body from store.rejected_event r join vault.raw v on v.id = r.raw order by r.id desc limit 3',
    )
    expect(kept.map(({ field, body }) => [field, (JSON.parse(body) as { id: string }).id])).toEqual([
      ['time', 'hundred-30'],
      ['data.properties.email', 'hundred-20'],
      ['type', 'hundred-10'],
    ])
  })

  it('takes one object, an array, NDJSON, CloudEvents and text/plain, packed or not', async () => {
    const one = JSON.stringify(touch('formats'))
    const two = JSON.stringify([touch('formats'), touch('formats-2')])
    const lines = `${one}\n\n{oops\n${JSON.stringify(touch('formats-3'))}\n`
    const taken = async (body: string | Buffer, type: string, encoding = 'identity') => {
      const response = await ingest.post(body, { 'content-type': type, 'content-encoding': encoding })
      expect(response.status).toBe(200)
      return ((await response.json()) as Answer).events.map(({ outcome }) => outcome)
    }
    expect(await taken(one, 'application/json')).toEqual(['accepted'])
    expect(await taken(two, 'application/json')).toEqual(['duplicate', 'accepted'])
    expect(await taken(one, 'text/plain;charset=UTF-8')).toEqual(['duplicate'])
    expect(await taken(one, 'application/cloudevents+json')).toEqual(['duplicate'])
    expect(await taken(two, 'application/cloudevents-batch+json')).toEqual(['duplicate', 'duplicate'])
    expect(await taken(lines, 'application/x-ndjson')).toEqual(['duplicate', 'rejected', 'accepted'])
    expect(await taken(gzipSync(lines), 'application/x-ndjson', 'gzip')).toEqual(['duplicate', 'rejected', 'duplicate'])
  })

  it('answers a resend as a duplicate, also with names in another order or without a time', async () => {
    const { time, ...timeless } = touch('resent')
    expect(await ingest.send({ time, ...timeless })).toMatchObject({ accepted: 1 })
    expect(
      await ingest.send({ data: { kind: 'page', visitor: 'v-1' }, time, type: timeless.type, id: 'resent' }),
    ).toMatchObject({
      duplicates: 1,
    })
    const undated = { ...timeless, id: 'resent-undated' }
    expect(await ingest.send(undated)).toMatchObject({ accepted: 1 })
    expect(await ingest.send(undated)).toMatchObject({ duplicates: 1 })
  })

  it('keeps a known id with other content as evidence; the first stands', async () => {
    const [first] = (await ingest.send(touch('clash', 'v-1'))).events
    const answer = await ingest.send(touch('clash', 'v-9'))
    expect(answer.events).toEqual([expect.objectContaining({ outcome: 'conflict', code: 'CONFLICT', id: first!.id })])
    const [evidence] = await rows<{ body: string }>(
      `select v.body from store.rejected_event r join vault.raw v on v.id = r.raw where r.code = 'CONFLICT' and r.event_id = $1`,
      [first!.id],
    )
    expect(evidence?.body).toContain('v-9')
    expect(await rows('select partition from store.event where id = $1', [first!.id])).toHaveLength(1)
  })

  it('gives events without an id a new one each time, and says so', async () => {
    const { id: _, ...anonymous } = touch('')
    const answers = [await ingest.send(anonymous), await ingest.send(anonymous)]
    expect(answers.map(({ accepted, events }) => [accepted, events[0]!.minted])).toEqual([
      [1, true],
      [1, true],
    ])
  })

  it('names the import that brought an event', async () => {
    const { events } = await ingest.send(touch('imported'), { 'x-funnel-import': 'import-7' })
    expect(await rows(`select envelope ->> 'importid' as id from store.event where id = $1`, [events[0]!.id])).toEqual([
      { id: 'import-7' },
    ])
    expect(await problem(await ingest.post('{}', { 'x-funnel-import': 'a b' }))).toMatchObject({ status: 400 })
  })

  it('takes a burst of a thousand connections, and lets their requests share transactions', async () => {
    const requests = Array.from({ length: 1000 }, (_, i) =>
      slowly(ingest, JSON.stringify(touch(`together-${i}`, `v-${i}`))),
    )
    const bytes = requests.reduce((sum, { written }) => sum + written, 0)
    const answered = Promise.all(requests.map(({ answer }) => answer))
    const held = async () => {
      while ((await inFlight(ingest)) < bytes) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await Promise.race([held(), answered]) // a refused one ends the test
    for (const { finish } of requests) finish()
    const answers = await answered
    expect(answers.every(({ accepted }) => accepted === 1)).toBe(true)
    const [count] = await rows<{ events: number; transactions: number }>(
      'select count(*) as events, count(distinct xmin::text) as transactions from store.event where id = any($1::uuid[])',
      [answers.map(({ events }) => events[0]!.id)],
    )
    expect(count!.events).toBe(1000)
    expect(count!.transactions).toBeLessThan(200)
  })
})

describe('A request is refused as a whole', () => {
  it('without a valid write key, before its body is looked at', async () => {
    for (const authorization of ['', 'Bearer wk_guess', `Basic ${ingest.key}`]) {
      const refused = await ingest.post('{"broken', { authorization })
      expect(refused.headers.get('www-authenticate')).toBe('Bearer')
      expect(await problem(refused)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    }
  })

  it('when its events cannot be told apart', async () => {
    expect(await problem(await ingest.post('[{"a":1},{"b":}]'))).toMatchObject({
      status: 400,
      code: 'INVALID',
      detail: 'the body is no JSON at byte 14: a value is missing or wrong',
    })
    expect(await problem(await ingest.post(''))).toMatchObject({ status: 400 })
  })

  it('in a form or packing that is not taken', async () => {
    expect(
      await problem(await ingest.post('{}', { 'content-type': 'application/x-www-form-urlencoded' })),
    ).toMatchObject({ status: 415 })
    expect(await problem(await ingest.post('{}', { 'content-encoding': 'br' }))).toMatchObject({ status: 415 })
    expect(await problem(await ingest.post('{}', { 'content-encoding': 'gzip' }))).toMatchObject({ status: 400 })
  })

  it('when it is too large, packed or not, or holds too many events', async () => {
    const large = JSON.stringify([touch('large'), 'x'.repeat(limits.requestBytes)])
    expect(await problem(await ingest.post(large))).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '), { level: 9 })
    expect(bomb.length).toBeLessThan(limits.requestBytes)
    expect(await problem(await ingest.post(bomb, { 'content-encoding': 'gzip' }))).toMatchObject({ status: 413 })
    const many = JSON.stringify(Array.from({ length: 1001 }, () => ({})))
    expect(await problem(await ingest.post(many))).toMatchObject({ status: 413 })
    expect(await rows(`select from store.event where envelope ->> 'partitionkey' = 'large'`)).toEqual([])
  })
})

describe('Around it', () => {
  it('GET /v1/limits tells what one may send, without a key', async () => {
    const response = await fetch(`${ingest.url}/v1/limits`)
    expect(await response.json()).toEqual({
      requestBytes: 500_000,
      eventsPerRequest: 1_000,
      eventBytes: 32_000,
      depth: 32,
      properties: 256,
    })
  })

  it('a path that is not there is a problem too', async () => {
    expect(await problem(await fetch(`${ingest.url}/v1/event`, { method: 'POST', body: '{}' }))).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    })
    expect(await problem(await fetch(`${ingest.url}/v1/events`))).toMatchObject({ status: 404 })
  })

  it('metrics count events by outcome, time requests, and hold no bytes at rest', async () => {
    const text = await (await fetch(`${ingest.url}/metrics`)).text()
    for (const outcome of ['accepted', 'duplicate', 'conflict', 'rejected'])
      expect(text).toMatch(new RegExp(`funnel_ingest_events_total\\{outcome="${outcome}",service="ingest"\\} [1-9]`))
    expect(text).toMatch(/funnel_ingest_request_seconds_count\{.*status="200".*\} [1-9]/)
    expect(text).toMatch(/funnel_ingest_request_seconds_count\{.*status="413".*\} 3/)
    expect(text).toMatch(/funnel_ingest_in_flight_bytes\{service="ingest"\} 0/)
    expect(text).toMatch(/funnel_ingest_waiting_events\{service="ingest"\} 0/)
  })
})
