import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson, contentHash, type Supplied } from './content-hash.js'
import type { Envelope } from './envelope.js'
import { validateEvent } from './validation/validate.js'

const key = Buffer.alloc(32, 7)
const event: Envelope = {
  specversion: '1.0',
  id: '0198c0de-0000-7000-8000-000000000000',
  source: '/crm',
  type: 'deal.won',
  dataschema: 'deal.won:1',
  time: '2026-01-05T10:00:00.000Z',
  partitionkey: 'd-1',
  data: { deal: 'd-1', amount: { minor: 1, currency: 'USD' } },
}
const hash = (change: Partial<Envelope> = {}, supplied: Supplied = {}) =>
  contentHash(key, { ...event, ...change }, supplied).toString('hex')

describe('Two events have the same content', () => {
  it('whatever the order of names', () => {
    expect(hash({ data: { amount: { currency: 'USD', minor: 1 }, deal: 'd-1' } })).toBe(hash())
  })

  it('whatever says nothing about the fact: ids, source, trace, import', () => {
    const transport = { id: 'x', source: '/other', correlationid: 'c', causationid: 'd', importid: 'i', hops: 1 }
    expect(hash(transport)).toBe(hash())
  })

  it('whatever the time, where the door supplied it, and only there', () => {
    const later = { time: '2027-01-01T00:00:00.000Z' }
    expect(hash(later, { time: true })).toBe(hash({}, { time: true }))
    expect(hash(later)).not.toBe(hash())
    expect(hash({}, { time: true })).not.toBe(hash())
  })

  it('whatever version the door took for newest, where the event names none, and only there', () => {
    // a resend was a conflict once its type had got another version
    const next = { dataschema: 'deal.won:2' }
    expect(hash(next, { dataschema: true })).toBe(hash({}, { dataschema: true }))
    expect(hash(next)).not.toBe(hash())
    // what was recorded while there was one version alone
    expect(hash(next, { dataschema: true })).toBe(hash())
  })

  it('whoever the person is, where the door found it, and only there', () => {
    const of = (person?: string) => ({ data: { deal: 'd-1', ...(person && { person }) } })
    expect(hash(of('p'), { person: true })).toBe(hash(of('q'), { person: true }))
    expect(hash(of('p'), { person: true })).toBe(hash(of()))
    expect(hash(of('p'))).not.toBe(hash(of('q')))
    const about = (person: string) => ({ partitionkey: person, data: { person, purposes: { mail: true } } })
    expect(hash(about('p'), { person: true })).toBe(hash(about('q'), { person: true }))
    expect(hash(about('p'))).not.toBe(hash(about('q')))
  })

  it('whatever of an address is not kept', () => {
    const hashed = (url: string) => {
      const checked = validateEvent(
        { id: 'a', type: 'touchpoint.recorded', time: event.time, data: { visitor: 'v', kind: 'page', url } },
        { source: '/site', receivedAt: 0 },
      )
      if (!checked.ok) throw new Error(checked.message)
      return contentHash(key, checked.event).toString('hex')
    }
    expect(hashed('https://e.com/p?session=1&utm_source=a#x')).toBe(hashed('https://e.com/p?session=2&utm_source=a#y'))
    expect(hashed('https://e.com/p?utm_source=a')).not.toBe(hashed('https://e.com/p?utm_source=b'))
  })
})

describe('Two events have other content', () => {
  it.each([
    ['type', { type: 'deal.lost' }],
    ['schema', { dataschema: 'deal.won:2' }],
    ['key', { partitionkey: 'd-2' }],
    ['sequence', { sequence: 1 }],
    ['data', { data: { deal: 'd-1' } }],
  ] as const)('with another %s', (_, change) => {
    expect(hash(change)).not.toBe(hash())
  })

  it('for stores with another key', () => {
    expect(contentHash(Buffer.alloc(32, 8), event).equals(contentHash(key, event))).toBe(false)
  })
})

describe('The content hash', () => {
  it('of known content is this one for ever, or every resend would become a conflict', () => {
    expect(hash()).toBe('c94d498e0d5ef54491bed5d5fdbad95b0d6efcb2ed0b198a5eadda82af820091')
  })
})

describe('Canonical JSON', () => {
  it('has the value of what it was made of, and one text per value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(shuffled(value))).toBe(text)
      }),
    )
  })

  it('leaves out what is undefined and sorts by code unit', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'é' }], a: undefined, 10: true, 9: false })).toBe(
      '{"10":true,"9":false,"b":[1,{"c":"é","d":null}]}',
    )
  })
})

/** The same value with its names in reverse order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  const reversed: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, field] of Object.entries(value).reverse()) reversed[name] = shuffled(field)
  return reversed
}
