import { createRequire } from 'node:module'
import { recordBytes, type RecordToEncode } from './record-bytes.js'

interface RequestQueue {
  throttleCheckTimeoutId: NodeJS.Timeout | null
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
  checkPendingRequests(): void
}

interface Header {
  readonly key: string
  readonly value: Buffer | null
}

interface Decoder {
  readVarIntArray: (this: Decoder, read: (decoder: Decoder) => Header) => Header[]
}

const patched = new WeakSet<object>()

/** Mends three things inside kafkajs 2.2.4 that cost it dearly. Once per process is enough; more often is harmless. */
export function patchKafkajs(): void {
  const require = createRequire(import.meta.url)
  const queue = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }
  queue.prototype.scheduleCheckPendingRequests = scheduleWhilePending
  encodeRecordsAtOnce(require)
  const decoder = require('kafkajs/src/protocol/decoder') as { prototype: Decoder }
  if (patched.has(decoder)) return
  patched.add(decoder)
  const read = decoder.prototype.readVarIntArray
  decoder.prototype.readVarIntArray = function (reader) {
    return Object.assign(read.call(this, reader), { reduce: collecting })
  }
}

/**
 * kafkajs makes a buffer of 512 bytes for every header, and one for each length, about 60 a record: half of what sending
 * costs. What encodes a record is a module of its own, which its requests load when they are first made.
 */
function encodeRecordsAtOnce(require: NodeJS.Require): void {
  const path = 'kafkajs/src/protocol/recordBatch/record/v0'
  require(path)
  require.cache[require.resolve(path)]!.exports = (record: RecordToEncode) => {
    const buffer = recordBytes(record)
    return { buf: buffer, buffer } // all that is asked of its encoder
  }
}

/**
 * kafkajs re-arms a timer of 1 ms for every connection for ever, about 900 wake-ups a second. With this it is armed only
 * while requests wait, which is what it is for.
 */
function scheduleWhilePending(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    },
    Math.max(this.throttledUntil - Date.now(), 10),
  )
}

/**
 * kafkajs copies all headers of a record for each of them, a third of what reading our 14 headers costs. It does so by
 * `reduce` on the array it has just read, which nothing else is read with; this reduces to the same in one pass.
 */
function collecting(this: readonly Header[]): Record<string, Header['value'] | Header['value'][]> {
  const headers: Record<string, Header['value'] | Header['value'][]> = {}
  for (const { key, value } of this) {
    // anybody may write to a topic, also a header called `constructor`
    const known = Object.hasOwn(headers, key) ? headers[key] : undefined
    headers[key] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value]
  }
  return headers
}
