type Bytes = Buffer | string

/** A record as kafkajs hands it to its encoder. */
export interface RecordToEncode {
  readonly offsetDelta?: number
  /** In milliseconds. */
  readonly timestampDelta?: number
  readonly key?: Bytes | null
  readonly value?: Bytes | null
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[] | null>>
}

/**
 * A record (format v0 of record batches v2) in bytes: its length, then attributes, time, offset, key, value and headers,
 * with numbers as zigzag varints. Source: Kafka protocol guide, "Record Batch".
 */
export function recordBytes({ offsetDelta = 0, timestampDelta = 0, key, value, headers = {} }: RecordToEncode): Buffer {
  at = LONGEST
  room(1 + 2 * LONGEST)
  scratch[at++] = 0 // attributes: none are in use
  varint(timestampDelta)
  varint(offsetDelta)
  field(key)
  field(value)
  const pairs = Object.entries(headers).flatMap(([name, some]) =>
    Array.isArray(some) ? some.map((one: Bytes) => [name, one] as const) : [[name, some as Bytes | null] as const],
  )
  room(LONGEST)
  varint(pairs.length)
  for (const [name, one] of pairs) {
    field(name)
    field(one)
  }
  const end = at
  // the length goes right before what it measures
  at = 0
  varint(end - LONGEST)
  const begin = LONGEST - at
  scratch.copyWithin(begin, 0, at)
  return Buffer.from(scratch.subarray(begin, end))
}

/** Most bytes of a varint of 64 bits. */
const LONGEST = 10

/** Where a record is put together, from `LONGEST` on, up to `at`; nothing in between yields. */
let scratch = Buffer.allocUnsafe(65_536)
let at = 0

function room(length: number): void {
  if (at + length <= scratch.length) return
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + length))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
}

/** Zigzag, then seven bits a byte; by arithmetic, as a time may need more than 32 bits. */
function varint(value: number): void {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  for (; rest >= 128; rest = Math.floor(rest / 128)) scratch[at++] = (rest % 128) + 128
  scratch[at++] = rest
}

function field(value: Bytes | null | undefined): void {
  if (value === null || value === undefined) {
    room(LONGEST)
    return varint(-1)
  }
  const length = Buffer.byteLength(value)
  room(LONGEST + length)
  varint(length)
  if (typeof value === 'string') scratch.write(value, at)
  else value.copy(scratch, at)
  at += length
}
