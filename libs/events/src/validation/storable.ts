import { FunnelError } from '../errors.js'

/**
 * Refuses what JSON and JavaScript allow and the store would refuse or change: NUL, half a surrogate pair, numbers that
 * are not finite, integers beyond ±(2^53 − 1). Throws INVALID with the field. Expects data that has passed its schema, so
 * its depth is bounded.
 */
export function assertStorable(value: unknown, field: string): void {
  if (typeof value === 'string') assertText(value, field)
  else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(field, 'is not a finite number')
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw refused(field, 'is an integer beyond ±9007199254740991, which loses digits: send it as text')
  } else if (typeof value === 'object' && value !== null)
    for (const name of Object.keys(value)) {
      assertText(name, field)
      assertStorable((value as Record<string, unknown>)[name], `${field}.${name}`)
    }
}

function assertText(text: string, field: string): void {
  if (text.includes('\0'))
    throw refused(field, String.raw`holds the character \u0000, which cannot be stored: leave it out`)
  if (!text.isWellFormed())
    throw refused(field, 'holds half of a surrogate pair, which is no character: send whole ones')
}

const refused = (field: string, what: string) => new FunnelError('INVALID', `${field} ${what}`, { field })
