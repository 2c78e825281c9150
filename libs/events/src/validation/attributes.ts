import { FunnelError } from '../errors.js'
import { isPersonalName, personalAdvice } from './personal.js'

/** Attributes of CloudEvents and tracing that say nothing about the fact: taken, and not recorded. */
const TRANSPORT = new Set(['datacontenttype', 'subject', 'traceparent', 'tracestate', 'sentat'])

/** What a producer may say of an event. */
const OWN = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'dataschema',
  'time',
  'partitionkey',
  'sequence',
  'correlationid',
  'causationid',
  'data',
])

/** What only the platform says. */
const SERVERS = new Set([
  'position',
  'recorded',
  'recordedat',
  'recorded_at',
  'stream',
  'version',
  'topic',
  'partition',
  'offset',
  'hops',
  'importid',
  'requesthash',
  'actor',
  'epoch',
  'hash',
])

/** Refuses attributes that an event from outside may not have. Throws INVALID with the attribute as field. */
export function assertAttributes(raw: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(raw)) {
    if (OWN.has(name) || TRANSPORT.has(name)) continue
    const field = name.slice(0, 100)
    const advice = SERVERS.has(name.toLowerCase())
      ? 'is set by the platform: leave it out'
      : name === 'data_base64'
        ? 'is not taken: send data as JSON'
        : isPersonalName(name)
          ? `looks like personal data: ${personalAdvice}`
          : 'is not an attribute of an event: put values of your own in data.properties'
    throw new FunnelError('INVALID', `${field} ${advice}`, { field })
  }
  if (raw['specversion'] !== undefined && raw['specversion'] !== '1.0')
    throw new FunnelError('INVALID', 'specversion must be 1.0', { field: 'specversion' })
  const media = raw['datacontenttype']
  if (media !== undefined && !(typeof media === 'string' && /^application\/(.+\+)?json\b/i.test(media)))
    throw new FunnelError('INVALID', 'datacontenttype must be application/json', { field: 'datacontenttype' })
}

/** An attribute that is one line of text. Throws INVALID; undefined when it is absent. */
export function textOf(raw: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = raw[field]
  if (value === undefined) return undefined
  const told = (what: string) => new FunnelError('INVALID', `${field} ${what}`, { field })
  if (typeof value !== 'string') throw told(value === null ? 'is null: leave it out' : 'must be text, in quotes')
  if (value === '') throw told('is empty: leave it out or give it a value')
  if (value.length > 200) throw told('is longer than 200 characters')
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value) || !value.isWellFormed())
    throw told('holds a control character or half of a surrogate pair: leave it out')
  return value
}

/** The producer's own order: a whole number from 0; CloudEvents writes it as text. */
export function sequenceOf(raw: Readonly<Record<string, unknown>>): number | undefined {
  const value = raw['sequence']
  if (value === undefined) return undefined
  const sequence = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  if (typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0) return sequence
  throw new FunnelError('INVALID', 'sequence must be a whole number from 0 to 9007199254740991', { field: 'sequence' })
}
