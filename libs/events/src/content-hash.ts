import { hash } from 'node:crypto'
import type { Envelope } from './envelope.js'

/** JSON with sorted keys and no white space: equal values give equal text. Input must be JSON (no cycles); undefined fields are none. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  let text = ''
  for (const name of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[name]
    if (field !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonicalJson(field)}`
  }
  return `{${text}}`
}

/**
 * What "same content" means: SHA-256 over a secret key, then type, schema, key and data, and the time unless ingest
 * supplied it. Transport fields (receipt time, IP, trace) are left out, so that a resend is a duplicate and never a
 * conflict. Keyed, so that the stored hash gives nothing away about low-entropy content; it authenticates nothing.
 */
export function contentHash(key: Buffer, event: Envelope, timeSupplied = false): Buffer {
  const { type, dataschema, partitionkey, sequence, data, time } = event
  const content = { type, dataschema, partitionkey, sequence, data, time: timeSupplied ? undefined : time }
  return hash('sha256', `${key.toString('base64')}\n${canonicalJson(content)}`, 'buffer')
}
