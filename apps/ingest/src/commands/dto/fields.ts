import { Transform } from 'class-transformer'
import { ValidateBy, ValidateIf } from 'class-validator'
import { isUuid, normalTime, type Instant } from '@funnel/events'

/** Holds rules of a field only where it is there; null is not the same as absent. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined)

/** A rule that says what the field must be. */
const rule = (must: string, validate: (value: unknown) => boolean): PropertyDecorator =>
  ValidateBy({ name: must, validator: { validate, defaultMessage: () => must } })

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/
const isLine = (value: unknown): value is string =>
  typeof value === 'string' && value.length >= 1 && value.length <= 200 && !CONTROL.test(value) && value.isWellFormed()

/** An id, or a word of some vocabulary: one line of text. */
export const Line = (): PropertyDecorator =>
  rule('must be text of 1 to 200 characters on one line, without control characters', isLine)

/** Some lines of text. */
export const Lines = (most: number): PropertyDecorator =>
  rule(
    `must be a list of at most ${most} texts, each of 1 to 200 characters on one line`,
    (value) => Array.isArray(value) && value.length <= most && value.every(isLine),
  )

/** The ids of the events that led to it. */
export const Because = (): PropertyDecorator =>
  rule(
    'must be a list of at most 100 ids of events, which are UUIDs',
    (value) => Array.isArray(value) && value.length <= 100 && value.every((id) => typeof id === 'string' && isUuid(id)),
  )

/** Most characters of a note. */
const NOTE = 5000

/** Free text, for the vault. */
export const NoteText = (): PropertyDecorator =>
  rule(
    `must be text of 1 to ${NOTE} characters, without the character \\u0000`,
    (value) =>
      typeof value === 'string' &&
      value.length >= 1 &&
      value.length <= NOTE &&
      !value.includes('\0') &&
      value.isWellFormed(),
  )

/** A whole number within limits, both included. */
export const WholeNumber = (least: number, most: number): PropertyDecorator =>
  rule(
    `must be a whole number from ${least} to ${most}`,
    (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most,
  )

/** An instant: ISO 8601 with its offset on the wire, milliseconds from then on. */
export const InstantText = (): PropertyDecorator => {
  const must = rule(
    'must be an instant with its offset, such as 2026-03-31T12:00:00Z',
    (value) => typeof value === 'number',
  )
  const read = Transform(({ value }: { value: unknown }) => instantOf(value))
  return (target, property) => {
    must(target, property)
    read(target, property)
  }
}

function instantOf(value: unknown): Instant | undefined {
  try {
    return Date.parse(normalTime(value))
  } catch {
    return undefined
  }
}

/** A day of the company's own calendar. */
export const Day = (): PropertyDecorator =>
  rule(
    'must be a day, such as 2026-03-31',
    (value) =>
      typeof value === 'string' &&
      /^\d{4}-\d\d-\d\d$/.test(value) &&
      !Number.isNaN(Date.parse(value)) &&
      new Date(value).toISOString().startsWith(value),
  )

/** ISO 4217. */
export const Currency = (): PropertyDecorator =>
  rule(
    'must be an ISO 4217 code of three capital letters, such as EUR',
    (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value),
  )

/** Free scalar properties by name; what the names may be is the language's own business. */
export const Properties = (): PropertyDecorator =>
  rule(
    'must be an object of texts, numbers, true, false and null by name',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((one) => one === null || ['string', 'number', 'boolean'].includes(typeof one)),
  )
