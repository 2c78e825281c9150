import { currencyAdvice, exponentOf, FunnelError, isCurrency } from '@funnel/events'

/** Throws INVALID on a code that ISO 4217 does not have. */
export function assertCurrency(code: string): void {
  if (!isCurrency(code))
    throw new FunnelError('INVALID', `"${code.slice(0, 40)}" is no currency; it must be ${currencyAdvice(code)}`)
}

/** Which sign stands before the decimals; the other one, spaces and apostrophes may group thousands. */
export type DecimalSign = '.' | ','

const shapes: Readonly<Record<DecimalSign, RegExp>> = {
  '.': /^([+-]?)(\d+|\d{1,3}(?:[,'’ \u00a0\u202f]\d{3})+)(?:\.(\d+))?$/,
  ',': /^([+-]?)(\d+|\d{1,3}(?:[.'’ \u00a0\u202f]\d{3})+)(?:,(\d+))?$/,
}

function decimal(text: string, sign: DecimalSign): { minus: boolean; whole: string; fraction: string } {
  const [, plusMinus, whole, fraction = ''] = shapes[sign].exec(text) ?? []
  if (whole === undefined)
    throw new FunnelError('INVALID', `"${text.slice(0, 40)}" is not a number with the decimal sign "${sign}"`)
  return { minus: plusMinus === '-', whole: whole.replace(/\D/g, ''), fraction }
}

/** A decimal text as a number. Throws INVALID. */
export function parseNumber(text: string, sign: DecimalSign = '.'): number {
  const { minus, whole, fraction } = decimal(text.trim(), sign)
  return Number(`${minus ? '-' : ''}${whole}.${fraction || 0}`)
}

/**
 * A decimal text as whole minor units of a currency, exactly: `1,054.50` in USD is 105450, `1054` in JPY is 1054.
 * A currency symbol or its code around the number is allowed. Throws INVALID where digits would be lost.
 */
export function parseMoney(
  text: string,
  currency: string,
  sign: DecimalSign = '.',
): { minor: number; currency: string } {
  assertCurrency(currency)
  const exponent = exponentOf(currency)
  const bare = text
    .replace(currency, '')
    .replace(/\p{Sc}/u, '')
    .trim()
  const { minus, whole, fraction } = decimal(bare, sign)
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > exponent)
    throw new FunnelError('INVALID', `"${text.slice(0, 40)}" has more than the ${exponent} decimals of ${currency}`)
  const minor = Number(whole + digits.padEnd(exponent, '0')) * (minus ? -1 : 1)
  if (!Number.isSafeInteger(minor)) throw new FunnelError('INVALID', `"${text.slice(0, 40)}" is too large`)
  return { minor: minor || 0, currency }
}
