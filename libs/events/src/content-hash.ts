import { hash } from 'node:crypto'
import type { Envelope } from './envelope.js'

/**
 * JSON with sorted keys and no white space: equal values give equal text. Input must be JSON (no cycles); undefined fields
 * are none.
 */
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

/** What the door put into an event that its sender had left out. */
export interface Supplied {
  readonly time?: boolean
  /** The newest version of the type. */
  readonly dataschema?: boolean
  /** `data.person`, found by what was told of the person beside the event. */
  readonly person?: boolean
}

/**
 * What "same content" means: SHA-256 over a secret key, then type, schema, key, data and time, as sent: without what the
 * door supplied; a schema that was left out counts as the first, whichever is the newest one today. Transport fields
 * (receipt time, IP, trace) are left out, so that a resend is a duplicate and never a conflict. Keyed, so that the stored
 * hash gives nothing away about low-entropy content; it authenticates nothing.
 */
export function contentHash(key: Buffer, event: Envelope, supplied: Supplied = {}): Buffer {
  const { type, sequence } = event
  const dataschema = supplied.dataschema ? `${type}:1` : event.dataschema
  const time = supplied.time ? undefined : event.time
  const { partitionkey, data } = supplied.person ? withoutPerson(event) : event
  const content = { type, dataschema, partitionkey, sequence, data, time }
  return hash('sha256', `${key.toString('base64')}\n${canonicalJson(content)}`, 'buffer')
}

/** Key and data as they were sent, without the person; an event about the person itself had no key either. */
function withoutPerson({ partitionkey, data }: Envelope): { readonly partitionkey?: string; readonly data: unknown } {
  const { person, ...rest } = data as Readonly<Record<string, unknown>>
  return { ...(partitionkey !== person && { partitionkey }), data: rest }
}
