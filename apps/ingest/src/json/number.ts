/** Significant digits that a double tells apart, and the two more that printers add. */
const DIGITS = 17

/**
 * Why a number of JSON would not survive JSON.parse, or undefined when it does: it is too large or too small for a
 * double, an integer beyond ±(2^53 − 1), or has more digits than a double keeps.
 */
export function numberFault(text: string): string | undefined {
  const value = Number(text)
  if (!Number.isFinite(value)) return 'is a number too large to be kept: send it as text'
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is an integer beyond ±9007199254740991, which loses digits: send it as text'
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '')
  if (value === 0 && digits) return 'is a number too small to be kept: send it as text'
  if (digits.replace(/0+$/, '').length > DIGITS)
    return `has more than ${DIGITS} digits, which would be lost: send it as text`
  return undefined
}
