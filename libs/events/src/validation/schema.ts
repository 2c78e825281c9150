import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formats, { type FormatName } from 'ajv-formats'
import { currencyAdvice, isCurrency } from '../currency.js'
import { FunnelError } from '../errors.js'
import type { EventType } from '../event-type.js'
import { DOMAIN, PURPOSE } from '../types/fields.js'
import { closeNames } from './close-names.js'
import { isPersonalName, personalAdvice } from './personal.js'

/** The formats a schema may ask for, and how they are told. */
const FORMATS: Readonly<Partial<Record<FormatName, string>>> = {
  date: 'a day, such as 2026-03-31',
  'date-time': 'an instant with its offset, such as 2026-03-31T12:00:00Z',
  uri: 'a URL',
  uuid: 'a UUID, such as 0198c0de-0000-7000-8000-000000000001',
}

/** The patterns that ask for more than one line, and how they are told. */
const PATTERNS: Readonly<Record<string, string>> = {
  [DOMAIN]: 'an internet domain in lower case, such as acme.com',
  [PURPOSE]: 'a word of small letters, digits, - and _, at most 64, a letter first',
}

const ajv = formats.default(
  new Ajv({
    allErrors: false,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
    formats: { 'iso-4217': isCurrency },
  }),
  Object.keys(FORMATS) as FormatName[],
)
const compiled = new WeakMap<object, ValidateFunction>()

/** The schema of one version of a type. */
export const schemaOf = (type: EventType, version = type.version) =>
  version === type.version ? type.schema : type.earlier[version - 1]!

/** Checks `data` against a version of its type, by code compiled once. Throws INVALID with the field and how to mend it. */
export function assertSchema(type: EventType, version: number, data: unknown): asserts data is Record<string, unknown> {
  const schema = schemaOf(type, version)
  let check = compiled.get(schema)
  if (!check) compiled.set(schema, (check = ajv.compile(schema)))
  if (check(data)) return
  const errors = check.errors ?? []
  throw mistake(errors.at(-1)!, errors, Object.keys(schema.properties), `${type.name}:${version}`)
}

function mistake(error: ErrorObject, errors: readonly ErrorObject[], names: readonly string[], schema: string) {
  const at = `data${error.instancePath.replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')}`
  const params = error.params as Record<string, unknown>
  const told = (field: string, message: string) => new FunnelError('INVALID', message, { field })
  switch (error.keyword) {
    case 'required':
      return told(`${at}.${text(params['missingProperty'])}`, `${at}.${text(params['missingProperty'])} is missing`)
    case 'additionalProperties': {
      const name = text(params['additionalProperty'])
      const field = `${at}.${name}`
      const [pattern] = Object.keys((error.parentSchema?.['patternProperties'] ?? {}) as object)
      const wanted = PATTERNS[pattern ?? '']
      if (wanted) return told(field, `${field} is not a name this object may have: it must be ${wanted}`)
      if (isPersonalName(name)) return told(field, `${field} looks like personal data: ${personalAdvice}`)
      if (at !== 'data') return told(field, `${field} is not a name this object may have`)
      const [close] = closeNames(name, names)
      return told(
        field,
        close
          ? `${field} is not a field of ${schema}: did you mean ${close}?`
          : `${field} is not a field of ${schema}: put values of your own in data.properties`,
      )
    }
    case 'type':
      return told(at, `${at} must be ${kind(params['type'])}`)
    case 'anyOf': {
      const allowed = errors.flatMap(({ keyword, params }) =>
        keyword === 'const' ? [text((params as { allowedValue: unknown }).allowedValue)] : [],
      )
      if (allowed.length) return told(at, `${at} must be one of ${allowed.join(', ')}`)
      const tooLong = errors.some(({ keyword }) => keyword === 'maxLength')
      return told(
        at,
        `${at} must be text${tooLong ? ' of at most 1000 characters' : ''}, a number, true, false or null`,
      )
    }
    case 'minLength':
      return told(at, `${at} is empty: leave it out or give it a value`)
    case 'maxLength':
      return told(at, `${at} is longer than ${text(params['limit'])} characters`)
    case 'maxProperties':
      return told(at, `${at} has more than ${text(params['limit'])} properties`)
    case 'pattern': {
      if (at.endsWith('.currency')) return told(at, `${at} must be ${currencyAdvice(text(error.data))}`)
      const wanted = PATTERNS[text(params['pattern'])]
      return told(at, wanted ? `${at} must be ${wanted}` : `${at} holds a control character: leave it out`)
    }
    case 'format':
      return told(
        at,
        params['format'] === 'iso-4217'
          ? `${at} must be ${currencyAdvice(text(error.data))}`
          : `${at} must be ${FORMATS[params['format'] as FormatName] ?? text(params['format'])}`,
      )
    default:
      return told(at, `${at} ${error.message ?? 'is wrong'}`)
  }
}

const kind = (type: unknown): string =>
  ({ string: 'text', object: 'an object', integer: 'a whole number', number: 'a number' })[text(type)] ?? text(type)

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
