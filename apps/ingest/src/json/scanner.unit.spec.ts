import { describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import fc from 'fast-check'
import { limits } from '../limits.js'
import { createScanner, type Span } from './scanner.js'

const scanner = createScanner(limits)
const wide = createScanner({ requestBytes: 1e9, eventsPerRequest: 1e9, eventBytes: 1e9, depth: 1e6, properties: 1e6 })

const batch = (text: string) => scanner.batch(Buffer.from(text))
const faultOf = (text: string): FunnelError | undefined => batch(text)[0]?.fault
const parsed = (text: string, { start, end }: Span): unknown =>
  JSON.parse(Buffer.from(text).toString('utf8', start, end))

/** Whether the scanner takes the text for JSON, faults or not. */
function taken(text: string): boolean {
  try {
    wide.batch(Buffer.from(text))
    return true
  } catch (error) {
    if (error instanceof FunnelError && error.code === 'INVALID') return false
    throw error
  }
}
function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('The scanner and JSON.parse', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"a":',
    '\\',
    '\\u0',
    '\\u00e9',
    '0',
    '-',
    '1',
    '.5',
    'e',
    'E+',
    '1e5',
  ]
  const others = [
    'true',
    'false',
    'null',
    'nul',
    ' ',
    '\n',
    '\t',
    '\r',
    '\u0001',
    'é',
    '😀',
    '\ufeff',
    '\u00a0',
    '/',
    'x',
  ]
  const soup = fc.array(fc.constantFrom(...pieces, ...others), { maxLength: 14 }).map((parts) => parts.join(''))

  it('agree on every text made of the pieces of JSON', () => {
    fc.assert(
      fc.property(soup, (text) => {
        expect(taken(text)).toBe(parses(text))
      }),
      { numRuns: 4000 },
    )
  })

  it('agree on JSON with one character inserted, removed or replaced', () => {
    const mutated = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', '\\', '{', '}', ',', '0', '.', '-', 'e', '\n', 'a'),
      fc.boolean(),
    )
    fc.assert(
      fc.property(mutated, ([json, where, piece, replace]) => {
        const at = where % (json.length + 1)
        const text = json.slice(0, at) + piece + json.slice(at + (replace ? 1 : 0))
        expect(taken(text)).toBe(parses(text))
      }),
      { numRuns: 4000 },
    )
  })

  it('find the same events in an array, whatever white space is between', () => {
    const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), space, space), { maxLength: 6 }),
        (items) => {
          const text = `[${items.map(([item, before, after]) => before + JSON.stringify(item) + after).join(',')}]`
          const spans = wide.batch(Buffer.from(text))
          expect(spans.map((span) => parsed(text, span))).toEqual(JSON.parse(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('agree on the value of everything that is let through without a fault', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        const [span] = batch(text)
        if (!span!.fault) expect(JSON.stringify(parsed(text, span!))).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  it('agree line by line on NDJSON, and a bad line spoils only itself', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), soup), { maxLength: 6 }), (items) => {
        const lines = items.map((item) => item.replaceAll('\n', ' '))
        const text = lines.join('\n')
        const spans = wide.lines(Buffer.from(text))
        const full = lines.filter((line) => /[^ \t\r]/.test(line))
        expect(spans).toHaveLength(full.length)
        for (const [i, span] of spans.entries())
          expect(span.fault?.message.includes('is no JSON') ?? false).toBe(!parses(full[i]!))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('The scanner marks what parsing would hide:', () => {
  it.each([
    ['an integer beyond 2^53', '{"data":{"n":9007199254740993}}', 'data.n', 'loses digits'],
    ['an integer of 23 digits', '{"data":{"n":12345678901234567890123}}', 'data.n', 'loses digits'],
    ['a number beyond a double', '{"data":{"n":-1e400}}', 'data.n', 'too large'],
    ['a number below a double', '{"data":{"n":1e-400}}', 'data.n', 'too small'],
    ['digits that a double drops', '{"data":{"n":0.1234567890123456789}}', 'data.n', 'more digits than are kept'],
    ['17 digits of which the last one would change', '{"data":{"n":0.12345678901234567}}', 'data.n', 'another number'],
    ['a large exponent', '{"data":{"n":1E22}}', 'data.n', 'loses digits'],
    ['a name twice', '{"data":{"a":1,"b":2,"a":1}}', 'data.a', 'twice'],
    ['a name twice, once escaped', String.raw`{"data":{"a":1,"\u0061":2}}`, 'data.a', 'twice'],
    ['an escaped name twice', String.raw`{"data":{"\u00e9":1,"é":2}}`, 'data.é', 'twice'],
    ['a name twice beside an array', '{"a":[{"x":1},{"x":1}],"b":1,"b":1}', 'b', 'twice'],
  ])('%s', (_, text, field, message) => {
    const fault = faultOf(text)
    expect(fault).toMatchObject({ code: 'INVALID', details: { field } })
    expect(fault?.message).toContain(message)
  })

  it.each([
    '{"n":9007199254740991}',
    '{"n":-9007199254740991}',
    '{"n":1.5e15}',
    '{"n":5e-324}',
    '{"n":0.30000000000000004}',
    '{"n":0e999}',
    '{"n":1.50e-2}',
    '{"n":100000000000000000e-2}',
    '{"n":100000000000000.00000}',
    '{"a":{"x":1},"b":{"x":1}}',
    '[{"x":1},{"x":1}]',
    String.raw`{"Aa":1,"BB":2}`, // the same hash
  ])('and nothing else: %s', (text) => {
    expect(batch(text).map(({ fault }) => fault)).not.toContainEqual(expect.anything())
  })

  it('text that is not UTF-8, and only the event that holds it', () => {
    const body = Buffer.concat([
      Buffer.from('[{"a":"ok"},{"a":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"},{"a":"é"}]'),
    ])
    expect(scanner.batch(body).map(({ fault }) => fault?.message)).toEqual([
      undefined,
      expect.stringContaining('UTF-8'),
      undefined,
    ])
    const surrogate = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])
    expect(scanner.lines(surrogate)[0]?.fault?.message).toContain('UTF-8')
  })
})

describe('The scanner keeps limits:', () => {
  const nested = (depth: number) => `{"d":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

  it('the depth of an event', () => {
    expect(faultOf(nested(limits.depth))).toBeUndefined()
    expect(faultOf(nested(limits.depth + 1))).toMatchObject({ code: 'INVALID', details: { field: 'd' } })
  })

  it('without recursion, however deep the text', () => {
    const deep = nested(200_000)
    expect(faultOf(deep)?.code).toBe('TOO_LARGE')
    expect(() => batch(deep.slice(0, -1))).toThrow('is no JSON')
    expect(faultOf(`{"d":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`)?.message).toContain('deeper')
  })

  it('the properties of an object', () => {
    const object = (count: number) =>
      JSON.stringify({ data: Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i])) })
    expect(faultOf(object(limits.properties))).toBeUndefined()
    expect(faultOf(object(limits.properties + 1))).toMatchObject({ details: { field: 'data.p256' } })
  })

  it('the bytes of an event, and the others go on', () => {
    const large = JSON.stringify({ a: 'x'.repeat(limits.eventBytes) })
    const spans = batch(`[{"a":1},${large},{"b":1}]`)
    expect(spans.map(({ fault }) => fault?.code)).toEqual([undefined, 'TOO_LARGE', undefined])
  })

  it('the events of a request', () => {
    const items = (count: number) => Array.from({ length: count }, () => '{}')
    expect(batch(`[${items(1000).join()}]`)).toHaveLength(1000)
    for (const scan of [
      () => batch(`[${items(1001).join()}]`),
      () => scanner.lines(Buffer.from(items(1001).join('\n'))),
    ])
      expect(scan).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })
})

describe('The scanner says', () => {
  it('where text stops being JSON', () => {
    expect(() => batch('[{"a":1},{"b":}]')).toThrow('the body is no JSON at byte 14: a value is missing or wrong')
    expect(() => batch('[{"a":1}')).toThrow('the body is no JSON at byte 8')
    expect(() => batch('{"a":1}{"b":1}')).toThrow('something follows')
    expect(() => batch(' \n')).toThrow('no body')
    const [, second] = scanner.lines(Buffer.from('{"a":1}\n{"a":tru\n\n{"a":2}\r\n'))
    expect(second?.fault?.message).toBe('line 2 is no JSON at byte 5: a value is missing or wrong')
  })

  it('what is no event', () => {
    for (const text of ['1', '"a"', 'null', '[1]', '[[]]'])
      expect(faultOf(text)?.message).toContain('an event is a JSON object')
  })
})
