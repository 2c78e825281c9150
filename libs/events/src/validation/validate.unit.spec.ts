import { describe, expect, it } from '@jest/globals'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { catalogue } from '../catalogue.js'
import { eventType } from '../event-type.js'
import { derivedId, isUuid } from '../ids.js'
import { eventValidator, validateEvent, type Accepted, type Refused } from './validate.js'

const receivedAt = Date.UTC(2026, 0, 5, 10)
const defaults = { source: '/site', receivedAt }
const touch = {
  id: 'a',
  type: 'touchpoint.recorded',
  time: '2026-01-05T10:00:00.000Z',
  data: { visitor: 'v-1', kind: 'page' },
}
const won = { id: 'a', type: 'deal.won', data: { deal: 'd-1' } }

function accepted(raw: unknown): Accepted {
  const result = validateEvent(raw, defaults)
  if (!result.ok) throw new Error(`${result.field}: ${result.message}`)
  return result
}
function refused(raw: unknown): Refused {
  const result = validateEvent(raw, defaults)
  if (result.ok) throw new Error(`accepted: ${JSON.stringify(result.event)}`)
  return result
}

describe('An accepted event', () => {
  it('gets the canonical envelope', () => {
    expect(accepted(touch)).toEqual({
      ok: true,
      minted: false,
      timeSupplied: false,
      schemaSupplied: true,
      event: {
        specversion: '1.0',
        id: derivedId('/site', 'a'),
        source: '/site',
        type: 'touchpoint.recorded',
        dataschema: 'touchpoint.recorded:1',
        time: '2026-01-05T10:00:00.000Z',
        partitionkey: 'v-1',
        data: { visitor: 'v-1', kind: 'page' },
      },
    })
  })

  it('without an id gets a new one, and without a time the time it came in', () => {
    const { minted, timeSupplied, event } = accepted({ type: 'deal.won', data: { deal: 'd-1' } })
    expect([minted, timeSupplied, isUuid(event.id), event.time]).toEqual([true, true, true, '2026-01-05T10:00:00.000Z'])
  })

  it('keeps its own source, order and relations, and is named after the import that brings it', () => {
    const own = { source: '/crm', sequence: '7', correlationid: 'c', causationid: 'd', partitionkey: 'd-1' }
    const result = validateEvent({ ...won, ...own }, { ...defaults, importid: 'import-1' })
    expect(result).toMatchObject({
      ok: true,
      event: { ...own, sequence: 7, id: derivedId('/crm', 'a'), importid: 'import-1' },
    })
  })

  it('may carry what CloudEvents and tracing add, which is not recorded', () => {
    const { event } = accepted({
      ...won,
      specversion: '1.0',
      datacontenttype: 'application/json',
      subject: 'd-1',
      traceparent: '00-…',
    })
    expect(Object.keys(event)).not.toContain('subject')
  })

  it('is accepted again as itself', () => {
    const { event } = accepted({
      ...touch,
      time: '2026-01-05T11:00:00+01:00',
      data: { ...touch.data, url: '/p?q=1&utm_id=2#x' },
    })
    expect(accepted(event).event).toEqual(event)
  })
})

describe('A refused event is told what, where and how to mend it:', () => {
  it.each<[string, unknown, string | undefined, string]>([
    ['no object', [], undefined, 'a JSON object'],
    ['no type', { data: {} }, 'type', 'say one of touchpoint.recorded'],
    ['an unknown type', { ...won, type: 'DealWon' }, 'type', 'did you mean deal.won?'],
    ['a misspelt type', { ...won, type: 'lead.captred' }, 'type', 'did you mean lead.captured?'],
    ['a type like none', { ...won, type: 'zzz' }, 'type', 'there are touchpoint.recorded'],
    ['no data', { type: 'deal.won' }, 'data', 'at least deal'],
    ['data that is no object', { ...won, data: 'x' }, 'data', 'must be an object'],
    ['a missing field', { ...won, data: {} }, 'data.deal', 'is missing'],
    ['an unknown field', { ...won, data: { deal: 'd', ammount: 1 } }, 'data.ammount', 'did you mean amount?'],
    [
      'a field of the sender',
      { ...won, data: { deal: 'd', colour: 1 } },
      'data.colour',
      'put values of your own in data.properties',
    ],
    ['a wrong kind', { ...won, data: { deal: 7 } }, 'data.deal', 'must be text'],
    ['an empty key', { ...won, data: { deal: '' } }, 'data.deal', 'is empty'],
    ['a long key', { ...won, data: { deal: 'd'.repeat(201) } }, 'data.deal', 'longer than 200'],
    ['a broken line', { ...won, data: { deal: 'd\n' } }, 'data.deal', 'control character'],
    [
      'a domain in capitals',
      { type: 'account.recorded', data: { account: 'a', domains: ['acme.com', 'Acme.com'] } },
      'data.domains.1',
      'must be an internet domain in lower case, such as acme.com',
    ],
    [
      'a purpose in capitals',
      { type: 'person.consent-recorded', data: { person: 'p', purposes: { Email: true } } },
      'data.purposes.Email',
      'small letters, digits',
    ],
    [
      'a word not of the list',
      { ...touch, data: { visitor: 'v', kind: 'pager' } },
      'data.kind',
      'must be one of page, form',
    ],
    [
      'a currency in small letters',
      { ...won, data: { deal: 'd', amount: { minor: 1, currency: 'usd' } } },
      'data.amount.currency',
      'must be an ISO 4217 code in capital letters: did you mean USD',
    ],
    [
      'a currency that there is not',
      { ...won, data: { deal: 'd', amount: { minor: 1, currency: 'EUX' } } },
      'data.amount.currency',
      'must be an ISO 4217 code in capital letters: did you mean EUR',
    ],
    [
      'a currency like no other',
      { ...won, data: { deal: 'd', amount: { minor: 1, currency: 'QQQ' } } },
      'data.amount.currency',
      'must be an ISO 4217 code in capital letters, such as EUR',
    ],
    [
      'a fraction of a cent',
      { ...won, data: { deal: 'd', amount: { minor: 1.5, currency: 'USD' } } },
      'data.amount.minor',
      'a whole number',
    ],
    [
      'more money than counts',
      { ...won, data: { deal: 'd', amount: { minor: 2 ** 53, currency: 'USD' } } },
      'data.amount.minor',
      '<=',
    ],
    [
      'a nested property',
      { ...won, data: { deal: 'd', properties: { a: {} } } },
      'data.properties.a',
      'text, a number, true, false or null',
    ],
    [
      'a long property',
      { ...won, data: { deal: 'd', properties: { a: 'x'.repeat(1001) } } },
      'data.properties.a',
      'at most 1000',
    ],
    [
      'a broken name',
      { ...won, data: { deal: 'd', properties: { 'a\nb': 1 } } },
      'data.properties.a\ufffdb',
      'not a name',
    ],
    ['a version that is not', { ...won, dataschema: 'deal.won:2' }, 'dataschema', 'deal.won:1'],
    ['another key', { ...won, partitionkey: 'd-2' }, 'partitionkey', 'leave it out'],
    ['a number as id', { ...won, id: 4711 }, 'id', 'in quotes'],
    ['null as id', { ...won, id: null }, 'id', 'leave it out'],
    ['an attribute of the platform', { ...won, position: 3 }, 'position', 'set by the platform'],
    ['hops', { ...won, hops: 0 }, 'hops', 'set by the platform'],
    ['an import id', { ...won, importid: 'x' }, 'importid', 'set by the platform'],
    ['an unknown attribute', { ...won, colour: 'red' }, 'colour', 'data.properties'],
    ['binary data', { ...won, data_base64: 'AA==' }, 'data_base64', 'send data as JSON'],
    ['another CloudEvents', { ...won, specversion: '0.3' }, 'specversion', 'must be 1.0'],
    ['another content', { ...won, datacontenttype: 'text/xml' }, 'datacontenttype', 'application/json'],
    ['a sequence that is none', { ...won, sequence: 1.5 }, 'sequence', 'whole number'],
    ['NUL', { ...won, data: { deal: 'd', properties: { a: 'x\0' } } }, 'data.properties.a', 'cannot be stored'],
    ['half a pair', { ...won, data: { deal: '\ud800' } }, 'data.deal', 'surrogate'],
    ['infinity', { ...won, data: { deal: 'd', properties: { a: Infinity } } }, 'data.properties.a', 'number'],
    [
      'a large integer',
      { ...won, data: { deal: 'd', properties: { a: 1e20 } } },
      'data.properties.a',
      'send it as text',
    ],
    [
      'a dangerous name',
      { ...won, data: { deal: 'd', properties: JSON.parse('{"__proto__":1}') as object } },
      'data.properties.__proto__',
      'choose another',
    ],
  ])('%s', (_, raw, field, message) => {
    const verdict = refused(raw)
    expect(verdict).toMatchObject({ code: 'INVALID', message: expect.stringContaining(message) })
    expect(verdict.field).toBe(field)
  })

  it('a decision, which only the platform takes', () => {
    const handoff = eventType({
      name: 'handoff.accepted',
      title: 'Sales took the lead.',
      kind: 'decision',
      category: 'lead',
      key: 'lead',
      rank: 1,
      schema: Type.Object({ lead: Type.String() }, { additionalProperties: false }),
    })
    const validate = eventValidator([...catalogue, handoff])
    const verdict = validate({ type: 'handoff.accepted', data: { lead: 'l' } }, defaults)
    expect(verdict).toMatchObject({
      ok: false,
      code: 'FORBIDDEN',
      field: 'type',
      message: expect.stringContaining('command'),
    })
    expect(validate({ type: 'handoff.acceptd', data: {} }, defaults)).toMatchObject({
      message: expect.not.stringContaining('mean'),
    })
  })
})

describe('Personal data', () => {
  const property = (name: string, value: unknown = 'x') => ({
    ...won,
    data: { deal: 'd', properties: { [name]: value } },
  })

  const refusedNames = `email E-Mail contact_email workEmail emailAddress phone phone_number homePhone first_name firstName
    customer.last-name fullname password user_password card cardNumber cvv CVC iban customerIBAN ssn date_of_birth
    billing_address ip ip_address apiKey access_token secret`
  it.each(refusedNames.split(/\s+/))('is refused under the name %s, with the way to go', (name) => {
    expect(refused(property(name))).toMatchObject({
      field: `data.properties.${name}`,
      message: expect.stringContaining("send the person's id instead"),
    })
  })

  it.each([
    'email_campaign',
    'emails_opened',
    'phone_calls',
    'mobile',
    'scorecard',
    'card_type',
    'product_name',
    'addressable',
    'segment',
    'pinned',
    'tokens_used',
    'street_level',
    'shipping',
  ])('is not seen in the name %s', (name) => {
    expect(accepted(property(name)).ok).toBe(true)
  })

  it('is refused as a field and as an attribute too', () => {
    for (const raw of [
      { ...won, email: 'x' },
      { ...won, data: { deal: 'd', first_name: 'x' } },
    ])
      expect(refused(raw).message).toContain('personal data')
  })

  it('is refused as an e-mail address, but for the colleague who owns a deal; the address is not repeated', () => {
    for (const raw of [
      { ...touch, data: { visitor: 'jane@example.com', kind: 'page' } },
      { ...won, data: { deal: 'd', person: 'jane@example.com' } },
      property('contact', 'jane@example.com'),
      property('contact', ' jane@example.com '),
      property('contact', 'Jane <jane@example.com>'),
      { ...won, data: { deal: ' jane@example.com' } },
      { ...won, correlationid: 'jane@example.com' },
      { ...won, causationid: 'jane@example.com' },
      { ...won, source: 'jane@example.com' },
    ]) {
      const { message } = refused(raw)
      expect(message).toContain('is an e-mail address')
      expect(message).not.toContain('jane')
    }
    // where a name is to stand
    for (const raw of [
      property('jane@example.com', 1),
      { ...won, 'jane@example.com': 1 },
      { ...won, data: { deal: 'd', 'jane@example.com': 1 } },
      { ...won, type: 'jane@example.com' },
    ]) {
      const { message, field } = refused(raw)
      expect(`${message} ${field}`).not.toContain('jane')
    }
    expect(accepted({ ...won, data: { deal: 'd', owner: 'sam@our.example' } }).ok).toBe(true)
    expect(accepted(property('package', 'https://example.com/@scope/name')).ok).toBe(true)
  })

  it('in an address is cut off; an address of a person is refused', () => {
    const url = (text: string) =>
      accepted({ ...touch, data: { ...touch.data, url: text } }).event.data as { url: string }
    expect(url('https://jane:pw@example.com/a?email=x&utm_source=s&gclid=1#jane').url).toBe(
      'https://example.com/a?utm_source=s&gclid=1',
    )
    for (const text of ['mailto:jane@example.com', 'tel:+4930123'])
      expect(refused({ ...touch, data: { ...touch.data, url: text } }).field).toBe('data.url')
  })
})

describe('Validation', () => {
  it('never throws, whatever comes, and answers in one line of well-formed text', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.record({ type: fc.constantFrom('deal.won', 'touchpoint.recorded', 'lead.captured'), data: fc.anything() }),
      fc.tuple(fc.string(), fc.jsonValue()).map(([name, value]) => ({ ...won, [name]: value })),
      fc
        .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
        .map((properties) => ({ ...won, data: { deal: 'd', properties } })),
    )
    fc.assert(
      fc.property(anything, (raw) => {
        const result = validateEvent(raw, defaults)
        if (!result.ok) {
          expect(result.message.isWellFormed()).toBe(true)
          expect(`${result.message}${result.field}`).not.toMatch(/[\u0000-\u001f]/) // oxlint-disable-line no-control-regex
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('does not change what it is given', () => {
    const data = { visitor: 'v', kind: 'page', url: '/p?a=1' }
    accepted({ ...touch, data })
    expect(data.url).toBe('/p?a=1')
  })
})
