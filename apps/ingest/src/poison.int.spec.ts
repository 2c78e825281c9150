import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Answer } from './events/answer.js'
import { running, type Running } from './testing/ingest.js'

let ingest: Running
beforeAll(async () => {
  ingest = await running()
})
afterAll(() => ingest.close())

const good = '{"type":"touchpoint.recorded","data":{"visitor":"v","kind":"page"}}'
const withData = (data: string) => `{"type":"touchpoint.recorded","data":${data}}`
const withProperty = (name: string, value: string) =>
  withData(`{"visitor":"v","kind":"page","properties":{${name}:${value}}}`)

/** Events that some part of the road would choke on, change or fall for. */
const corpus: Record<string, string> = {
  'NUL in a value': withProperty('"a"', String.raw`"x\u0000y"`),
  'NUL in a name': withProperty(String.raw`"\u0000"`, '1'),
  'NUL in a key': withData(String.raw`{"visitor":"\u0000","kind":"page"}`),
  'NUL in an id': String.raw`{"id":"\u0000","type":"touchpoint.recorded","data":{"visitor":"v","kind":"page"}}`,
  'NUL in a type': String.raw`{"type":"\u0000","data":{}}`,
  'half a surrogate pair': withProperty('"a"', String.raw`"\ud800"`),
  'the other half': withProperty('"a"', String.raw`"\udc00x"`),
  'half a pair in a name': withProperty(String.raw`"\udfff"`, '1'),
  'half a pair in a key': withData(String.raw`{"visitor":"\ud83d","kind":"page"}`),
  'half a pair in a source': String.raw`{"source":"\ud83d","type":"touchpoint.recorded","data":{"visitor":"v","kind":"page"}}`,
  '1e400': withProperty('"a"', '1e400'),
  '1e-400': withProperty('"a"', '1e-400'),
  '17 digits, the last of which would change': withProperty('"a"', '0.12345678901234567'),
  'a price that would change': withProperty('"a"', '4.3500000000000001'),
  '23 digits': withProperty('"a"', '12345678901234567890123'),
  '2^53 + 1': withProperty('"a"', '9007199254740993'),
  'a sequence beyond 2^53': good.replace('{', '{"sequence":9007199254740993,'),
  'a negative sequence': good.replace('{', '{"sequence":-1,'),
  'depth 2,421': withData('['.repeat(2421) + ']'.repeat(2421)),
  'depth 15,000': withData('['.repeat(15_000) + ']'.repeat(15_000)),
  'a name twice': withProperty('"a"', '1,"a":2'),
  'the type twice': good.replace('{', '{"type":"deal.won",'),
  '__proto__ in properties': withProperty('"__proto__"', '"polluted"'),
  '__proto__ with an object': withProperty('"__proto__"', '{"polluted":true}'),
  'constructor in properties': withProperty('"constructor"', '"polluted"'),
  '__proto__ in data': withData('{"visitor":"v","kind":"page","__proto__":{"polluted":true}}'),
  '__proto__ in the event': good.replace('{', '{"__proto__":{"polluted":true},'),
  'a bare __proto__': '{"__proto__":{"type":"touchpoint.recorded"}}',
  'an unknown type': '{"type":"lead.teleported","data":{}}',
  'a type of Object': '{"type":"toString","data":{}}',
  'an unknown version': good.replace('{', '{"dataschema":"touchpoint.recorded:99",'),
  'no version': good.replace('{', '{"dataschema":"touchpoint.recorded:",'),
  "another type's version": good.replace('{', '{"dataschema":"deal.won:1",'),
  'a position of its own': good.replace('{', '{"position":1,'),
  'a stream of its own': good.replace('{', '{"stream":"lead-1","version":7,'),
  'another partition key': good.replace('{', '{"partitionkey":"w",'),
  'data as text': '{"type":"touchpoint.recorded","data":"{}"}',
  'data in base64': good.replace('{', '{"data_base64":"AAAA",'),
  'no data': '{"type":"touchpoint.recorded"}',
  'an empty key': withData('{"visitor":"","kind":"page"}'),
  'a key of 10,000 letters': withData(`{"visitor":"${'v'.repeat(10_000)}","kind":"page"}`),
  'a line break in a key': withData(String.raw`{"visitor":"a\r\nx-header: 1","kind":"page"}`),
  'ANSI in a source': String.raw`{"source":"\u001b[31m","type":"touchpoint.recorded","data":{"visitor":"v","kind":"page"}}`,
  'an object in properties': withProperty('"a"', '{"b":1}'),
  'an object behind a line break': withProperty(String.raw`"a\nb"`, '{"b":1}'),
  '257 properties': withData(
    `{"visitor":"v","kind":"page","properties":{${Array.from({ length: 257 }, (_, i) => `"p${i}":1`).join()}}}`,
  ),
  'more than 32 kB': withProperty('"a"', `"${'x'.repeat(33_000)}"`),
  'a time without zone': good.replace('{', '{"time":"2026-01-01T00:00:00",'),
  'the 30th of February': good.replace('{', '{"time":"2026-02-30T00:00:00Z",'),
  'a time as number': good.replace('{', '{"time":1767225600000,'),
  'the year 0001': good.replace('{', '{"time":"0001-01-01T00:00:00Z",'),
  'a password': withProperty('"password"', '"x"'),
  'an e-mail address as visitor': withData('{"visitor":"jane@example.com","kind":"page"}'),
  null: 'null',
  'an array in the array': '[]',
  'a number': '7',
}

describe('Poison', () => {
  it('gets a verdict of its own, is kept with its reason, and hurts nobody beside it', async () => {
    const before = await ingest.pool.query('select from store.rejected_event')
    const poison = Object.values(corpus)
    const response = await ingest.post(`[${poison.flatMap((event) => [good, event]).join(',')},${good}]`)
    expect(response.status).toBe(200)
    const { events } = (await response.json()) as Answer
    const verdicts = Object.keys(corpus).map((name, i) => [name, events[2 * i + 1]!.outcome])
    expect(verdicts.filter(([, outcome]) => outcome !== 'rejected')).toEqual([])
    expect(events.filter((_, i) => i % 2 === 0).every(({ outcome }) => outcome === 'accepted')).toBe(true)
    for (const { outcome, message } of events) if (outcome === 'rejected') expect(message).toMatch(/\w/)
    const after = await ingest.pool.query('select from store.rejected_event')
    expect(after.rowCount! - before.rowCount!).toBe(poison.length)
  })

  it.each(Object.entries(corpus))('%s alone gets the same: a verdict, never a 5xx', async (_, event) => {
    for (const type of ['application/json', 'application/x-ndjson']) {
      const response = await ingest.post(type.endsWith('/json') ? `[${event}]` : event, { 'content-type': type })
      expect(response.status).toBe(200)
      expect(((await response.json()) as Answer).rejected).toBe(1)
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('in bytes that are not UTF-8 spoils one event, and is kept as it came', async () => {
    const bad = Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
    const response = await ingest.post(Buffer.concat([Buffer.from(`[${good},`), bad, Buffer.from(']')]))
    expect(((await response.json()) as Answer).events.map(({ outcome }) => outcome)).toEqual(['accepted', 'rejected'])
    const { rows } = await ingest.pool.query<{ body: string }>('select body from vault.raw order by id desc limit 1')
    expect(rows[0]?.body).toBe(`base64:${bad.toString('base64')}`)
  })

  it.each([
    ['a body that is cut off', 'content-length: 100\r\n\r\n{"type":"tou'],
    ['a length that lies', 'content-length: 3\r\n\r\n{"a":1}'],
    ['chunks that are none', 'transfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['two lengths', 'content-length: 3\r\ncontent-length: 4\r\n\r\n{}  '],
    ['a header of 100 kB', `x-long: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['a key with control characters', 'authorization: Bearer \u0001\r\ncontent-length: 2\r\n\r\n{}'],
  ])('%s is refused or dropped, never a 5xx, and the service goes on', async (_, rest) => {
    const answer = await raw(
      `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${ingest.key}\r\n${rest}`,
    )
    expect(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer)).toBe(true)
    expect((await ingest.post(good)).status).toBe(200)
  })
})

/** What the service says to these bytes before either side hangs up. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(ingest.url)
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
