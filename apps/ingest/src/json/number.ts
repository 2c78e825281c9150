/**
 * Why a number of JSON would not survive JSON.parse, or undefined when it does: it is too large or too small for a
 * double, an integer beyond ±(2^53 − 1), or another number than the one that JavaScript would write for it.
 */
export function numberFault(text: string): string | undefined {
  const value = Number(text)
  if (!Number.isFinite(value)) return 'is a number too large to be kept: send it as text'
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is an integer beyond ±9007199254740991, which loses digits: send it as text'
  const sent = magnitude(text)
  if (value === 0 && sent) return 'is a number too small to be kept: send it as text'
  const kept = magnitude(String(value))
  if (sent !== kept) return 'has more digits than are kept, so it would be another number: send it as text'
  return undefined
}

/** The same text for every way to write a number, sign apart: its significant digits and where the point is; '' for 0. */
function magnitude(text: string): string {
  const [mantissa = '', exponent = '0'] = text.replace(/^-/, '').toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  if (!digits) return ''
  return `${withoutEndingZeros(digits)} ${digits.length - fraction.length + Number(exponent)}`
}

/** Without a pattern, which would begin anew at each zero of a long row that does not end the text. */
function withoutEndingZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(0, end)
}
