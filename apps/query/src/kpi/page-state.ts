import type { Place, Quantity } from '@funnel/ledger'
import type { Fixed } from './listings.js'

/** Checks of what page tokens hold: a token comes from outside, so it is believed only as far as it has the right form. */

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)

export const isFixed = (value: unknown): value is Fixed =>
  isObject(value) && isWhole(value['generation']) && value['generation'] > 0 && isTime(value['knownAt'])

export const isPlace = (value: unknown): value is Place =>
  Array.isArray(value) &&
  value.length === 6 &&
  isTime(value[0]) &&
  value.slice(1, 5).every(isWhole) &&
  (value[5] === 'numerator' || value[5] === 'denominator')

export const isQuantity = (value: unknown): value is Quantity =>
  isObject(value) &&
  (isWhole(value['count']) ||
    (Array.isArray(value['money']) &&
      value['money'].every((part) => isObject(part) && isWhole(part['minor']) && typeof part['currency'] === 'string')))

const isTime = (value: unknown): value is number => isWhole(value) && Math.abs(value) < 8.64e15
