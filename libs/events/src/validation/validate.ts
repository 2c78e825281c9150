import { catalogue } from '../catalogue.js'
import type { Envelope, Instant } from '../envelope.js'
import { FunnelError, type ErrorCode } from '../errors.js'
import { dataschemaOf, type EventType } from '../event-type.js'
import { mintId, storedId } from '../ids.js'
import { currentData, versionOf } from '../upcast.js'
import { assertAttributes, sequenceOf, textOf } from './attributes.js'
import { closeNames } from './close-names.js'
import { isPersonalName, personalAdvice, tellsEmail } from './personal.js'
import { assertSchema } from './schema.js'
import { assertStorable } from './storable.js'
import { normalTime } from './time.js'
import { strippedUrl } from './url.js'

/** What the door knows of an event beyond what it says itself. */
export interface Defaults {
  /** The source of events that name none: the one their key belongs to. */
  readonly source: string
  /** When the event came in; the time of events that name none. */
  readonly receivedAt: Instant
  /** The import that brings it, where one does. */
  readonly importid?: string
}

/** An event fit for the log. */
export interface Accepted {
  readonly ok: true
  readonly event: Envelope
  /** It had no id and got a new one: a resend will be another event. */
  readonly minted: boolean
  /** It had no time and got `receivedAt`; then its time is no part of its content. */
  readonly timeSupplied: boolean
  /** It named no schema and got the newest of its type; then the schema is no part of its content. */
  readonly schemaSupplied: boolean
}

/** Why an event cannot enter the log. `message` says what, where and how to mend it, and repeats no value. */
export interface Refused {
  readonly ok: false
  readonly code: ErrorCode
  readonly field?: string
  readonly message: string
}

export type Validation = Accepted | Refused

/**
 * Checks events from outside against these types. Never throws on input; pure but for minted ids. What it accepts is
 * canonical: id a UUID (ids.ts), time in UTC milliseconds, `data` valid for `dataschema` and storable as it is; of a
 * touch's `url` only path, utm_* and click ids are left, before any hashing, so a resend hashes equally. Only
 * observations are accepted: decisions come from deciders, which make envelopes themselves.
 */
export function eventValidator(types: readonly EventType[]): (raw: unknown, defaults: Defaults) => Validation {
  const byName = new Map(types.map((type) => [type.name, type]))
  const names = types.filter(({ kind }) => kind === 'observation').map(({ name }) => name)

  const typeFor = (name: string | undefined): EventType => {
    if (name === undefined) throw refused('type', `type is missing: say one of ${names.join(', ')}`)
    const type = byName.get(name)
    if (!type) {
      const close = closeNames(name, names)
      throw refused(
        'type',
        `there is no event type ${name}: ${close.length ? `did you mean ${close.join(' or ')}?` : `there are ${names.join(', ')}`}`,
      )
    }
    if (type.kind !== 'observation')
      throw new FunnelError('FORBIDDEN', `${name} is decided by the platform: send a command, not the event`, {
        field: 'type',
      })
    return type
  }

  const accept = (raw: unknown, defaults: Defaults): Accepted => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
      throw new FunnelError('INVALID', 'an event is a JSON object with type and data')
    const given = raw as Readonly<Record<string, unknown>>
    const type = typeFor(textOf(given, 'type'))
    assertAttributes(given)
    const schema = textOf(given, 'dataschema')
    const version = versionFor(type, schema)
    const data = checkedData(type, version, given['data'])
    const key = String(currentData(type, version, data)[type.key])
    const named = textOf(given, 'partitionkey')
    if (named !== undefined && named !== key)
      throw refused('partitionkey', `partitionkey is taken from data.${type.key} and says something else: leave it out`)
    const id = textOf(given, 'id')
    const source = impersonal(given, 'source') ?? defaults.source
    const sequence = sequenceOf(given)
    const correlationid = impersonal(given, 'correlationid')
    const causationid = impersonal(given, 'causationid')
    const timeSupplied = given['time'] === undefined
    const event: { -readonly [Name in keyof Envelope]: Envelope[Name] } = {
      specversion: '1.0',
      id: id === undefined ? mintId() : storedId(source, id),
      source,
      type: type.name,
      dataschema: dataschemaOf(type, version),
      time: timeSupplied ? new Date(defaults.receivedAt).toISOString() : normalTime(given['time']),
      partitionkey: key,
      data,
    }
    if (sequence !== undefined) event.sequence = sequence
    if (correlationid !== undefined) event.correlationid = correlationid
    if (causationid !== undefined) event.causationid = causationid
    if (defaults.importid !== undefined) event.importid = defaults.importid
    return { ok: true, event, minted: id === undefined, timeSupplied, schemaSupplied: schema === undefined }
  }

  return (raw, defaults) => {
    try {
      return accept(raw, defaults)
    } catch (error) {
      if (!(error instanceof FunnelError)) throw error
      return refusalOf(error)
    }
  }
}

/** `eventValidator` of the whole published language. */
export const validateEvent = eventValidator(catalogue)

/** The refusal that an error about an event amounts to; fit to be stored and shown. */
export function refusalOf({ code, message, details: { field } }: FunnelError): Refused {
  return { ok: false, code, ...(typeof field === 'string' && { field: printable(field) }), message: printable(message) }
}

/** An attribute that is recorded as it is sent, and therefore names nobody. */
function impersonal(raw: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = textOf(raw, field)
  if (tellsEmail(value)) throw refused(field, `${field} is an e-mail address: ${personalAdvice}`)
  return value
}

function versionFor(type: EventType, dataschema: string | undefined): number {
  if (dataschema === undefined) return type.version
  const version = versionOf(type, dataschema)
  if (version === undefined)
    throw refused(
      'dataschema',
      `dataschema is none of ${type.name}'s, which are ${type.name}:1 to :${type.version}; leave it out for the newest`,
    )
  return version
}

/**
 * `data` as a version of its type may have it: checked against schema, store and vault, and without what an address may
 * say of a person. Throws INVALID with the field and how to mend it.
 */
export function checkedData(type: EventType, version: number, data: unknown): Record<string, unknown> {
  if (data === undefined) throw refused('data', `data is missing: it holds what happened, at least ${type.key}`)
  assertSchema(type, version, data)
  assertStorable(data, 'data')
  for (const name of Object.keys(data))
    if (name !== 'owner' && tellsEmail(data[name]))
      throw refused(`data.${name}`, `data.${name} is an e-mail address: ${personalAdvice}`)
  const { properties, url } = data
  if (properties !== undefined) assertProperties(properties as Record<string, unknown>)
  if (typeof url !== 'string') return data
  if (/^(mailto|tel|sms):/i.test(url)) throw refused('data.url', `data.url names a person: ${personalAdvice}`)
  const stripped = strippedUrl(url)
  return stripped === url ? data : { ...data, url: stripped }
}

function assertProperties(properties: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(properties)) {
    if (tellsEmail(name))
      throw refused('data.properties', `data.properties has an e-mail address for a name: ${personalAdvice}`)
    const field = `data.properties.${name}`
    if (FORBIDDEN_NAMES.has(name)) throw refused(field, `${field} is a name that programs trip over: choose another`)
    if (isPersonalName(name)) throw refused(field, `${field} looks like personal data: ${personalAdvice}`)
    if (tellsEmail(properties[name])) throw refused(field, `${field} is an e-mail address: ${personalAdvice}`)
  }
}

const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype'])

const refused = (field: string, message: string) => new FunnelError('INVALID', message, { field })

/** One line of well-formed text, at most 500 characters; names that are repeated in it may be addresses, which are not told. */
const printable = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+/g, '…@…')
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f]/g, '\ufffd')
