import { createRequire } from 'node:module'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { recordBytes, type RecordToEncode } from './record-bytes.js'

// kafkajs's own, as nothing here has patched it
const theirs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0') as (
  record: RecordToEncode,
) => { buffer: Buffer }

describe('a record in bytes', () => {
  const bytes = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  )
  const record: fc.Arbitrary<RecordToEncode> = fc.record(
    {
      offsetDelta: fc.nat(),
      timestampDelta: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.dictionary(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })),
      ),
    },
    { requiredKeys: [] },
  )

  it('is what kafkajs makes of it', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(recordBytes(one).toString('hex')).toBe(theirs(one).buffer.toString('hex'))
      }),
      { numRuns: 2000 },
    )
  })

  it('is so when it is larger than any before', () => {
    const large = { key: 'k', value: 'ä'.repeat(1_000_000), headers: { a: Buffer.alloc(300_000, 7), b: 'x' } }
    expect(recordBytes(large).equals(theirs(large).buffer)).toBe(true)
  })
})
