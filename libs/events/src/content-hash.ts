import { createHmac } from 'node:crypto'
import type { Envelope } from './envelope.js'

/** JSON with sorted keys and no white space: equal values give equal text. Input must be JSON (no undefined, no cycles). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/**
 * What "same content" means: HMAC-SHA-256 over type, schema, key and data, and the time unless ingest supplied it.
 * Transport fields (receipt time, IP, trace) are left out, so that a resend is a duplicate and never a conflict.
 * Keyed, so that the stored hash gives nothing away about low-entropy content.
 */
export function contentHash(key: Buffer, event: Envelope, timeSupplied = false): Buffer {
  const { type, dataschema, partitionkey, sequence, data, time } = event
  const content = { type, dataschema, partitionkey, sequence, data, ...(timeSupplied ? {} : { time }) }
  return createHmac('sha256', key).update(canonicalJson(content)).digest()
}
