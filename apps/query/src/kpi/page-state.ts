import type { Place, Quantity } from '@funnel/ledger'
import type { Fixed } from './listings.js'
import { isTime } from './question.js'

/**
 * Checks of what page tokens hold: a token comes from outside, so it is believed only as far as it has the right form, and
 * what no column can hold is none.
 */

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

export const isFixed = (value: unknown): value is Fixed =>
  isObject(value) &&
  isInt(value['generation']) &&
  value['generation'] > 0 &&
  isTime(value['knownAt']) &&
  isWhole(value['version']) &&
  value['version'] > 0

export const isPlace = (value: unknown): value is Place =>
  Array.isArray(value) &&
  value.length === 6 &&
  isTime(value[0]) &&
  isInLog(value.slice(1, 4)) &&
  isInt(value[4]) &&
  (value[5] === 'numerator' || value[5] === 'denominator')

export const isQuantity = (value: unknown): value is Quantity =>
  isObject(value) &&
  (isWhole(value['count']) ||
    (Array.isArray(value['money']) &&
      value['money'].every((part) => isObject(part) && isWhole(part['minor']) && typeof part['currency'] === 'string')))

/** A place in the log: topic, partition and position. */
export const isInLog = ([topic, partition, position]: readonly unknown[]): boolean =>
  isSmallint(topic) && isSmallint(partition) && isWhole(position)

/** A text that a column can hold. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && !value.includes('\0') && value.isWellFormed()

const isInt = (value: unknown): value is number => isWhole(value) && Math.abs(value) < 2 ** 31
const isSmallint = (value: unknown): value is number => isWhole(value) && Math.abs(value) < 2 ** 15
