import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { topics, topicNames, type Envelope, type Recorded } from '@funnel/events'
import type { IncomingRecord } from './client.js'
import { decode, encode, type EncodedRecord } from './record.js'

const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((value) => value.isWellFormed())
const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const instant = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })
const optional = fc.record(
  {
    sequence: fc.integer(),
    hops: fc.nat(16),
    correlationid: text,
    causationid: text,
    importid: text,
    requesthash: text,
    actor: text,
  },
  { requiredKeys: [] },
)
const event = fc
  .record({
    id: fc.uuid(),
    source: text,
    type: text,
    dataschema: text,
    time: instant.map((ms) => new Date(ms).toISOString()),
    partitionkey: text,
    data: fc.dictionary(text, fc.jsonValue()),
  })
  .chain((fixed) => optional.map((more): Envelope => ({ specversion: '1.0', ...fixed, ...more })))
const record = fc.constantFrom(...topicNames).chain((topic) =>
  fc.record<Recorded>({
    topic: fc.constant(topic),
    partition: fc.nat(topics[topic].partitions - 1),
    position: count,
    stream: text,
    version: count,
    recorded: instant,
    event,
  }),
)

/** As a broker gives it back. */
const delivered = ({ key, value, headers }: EncodedRecord): IncomingRecord => ({
  offset: 0,
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, Buffer.from(header)])),
})

describe('a record on a topic', () => {
  it('comes back as it was, with its epoch', () => {
    fc.assert(
      fc.property(record, fc.uuid(), (one, epoch) => {
        // JSON has no -0
        const sent = JSON.parse(JSON.stringify(one)) as Recorded
        expect(decode(sent.topic, sent.partition, delivered(encode(sent, epoch)))).toEqual({ record: sent, epoch })
      }),
    )
  })

  it('is CloudEvents in binary mode: attributes are headers, data is the value, the subject is the key', () => {
    const one: Recorded = {
      topic: 'leads',
      partition: 3,
      position: 42,
      stream: 'lead-7',
      version: 2,
      recorded: Date.UTC(2024, 4, 1),
      event: {
        specversion: '1.0',
        id: 'b7d1c8a0-0000-7000-8000-000000000001',
        source: '/crm',
        type: 'lead.captured',
        dataschema: 'lead.captured:1',
        time: '2024-04-30T12:00:00.000Z',
        partitionkey: '7',
        sequence: 5,
        data: { lead: '7' },
      },
    }
    expect(encode(one, 'e')).toEqual({
      partition: 3,
      key: '7',
      value: '{"lead":"7"}',
      timestamp: one.recorded,
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: 'b7d1c8a0-0000-7000-8000-000000000001',
        ce_source: '/crm',
        ce_type: 'lead.captured',
        ce_dataschema: 'lead.captured:1',
        ce_time: '2024-04-30T12:00:00.000Z',
        ce_partitionkey: '7',
        ce_sequence: '5',
        position: '42',
        version: '2',
        stream: 'lead-7',
        recorded: '2024-05-01T00:00:00.000Z',
        epoch: 'e',
      },
    })
  })

  it('is never read out of what somebody else wrote', () => {
    fc.assert(
      fc.property(
        record,
        fc.constantFrom('position', 'version', 'recorded', 'stream', 'epoch', 'ce_id'),
        (one, name) => {
          const good = delivered(encode(one, 'e'))
          const { [name]: _, ...rest } = good.headers
          expect(decode(one.topic, one.partition, { ...good, headers: rest })).toBeUndefined()
          expect(decode(one.topic, one.partition, { ...good, value: null })).toBeUndefined()
          expect(decode(one.topic, one.partition, { ...good, value: Buffer.from('{') })).toBeUndefined()
        },
      ),
      { numRuns: 30 },
    )
    for (const position of ['0', '-1', '1.5', 'x', ''])
      expect(
        decode('leads', 0, {
          offset: 0,
          key: null,
          value: Buffer.from('{}'),
          headers: { position: Buffer.from(position) },
        }),
      ).toBeUndefined()
  })
})
