/** The bytes that structure JSON. */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const LINE_FEED = 0x0a
const BACKSLASH = 0x5c

/** The text is not JSON from the offset `at` on. */
export class Malformed extends Error {
  readonly at: number
  constructor(at: number, what: string) {
    super(what)
    this.at = at
  }
}

/** Past white space. */
export function skipSpace(body: Buffer, at: number, end: number): number {
  for (; at < end; at++) {
    const c = body[at]!
    if (c !== 0x20 && c !== LINE_FEED && c !== 0x0d && c !== 0x09) break
  }
  return at
}

/** Past a string whose opening quote is at `at`. */
export function stringEnd(body: Buffer, at: number, end: number): number {
  for (let i = at + 1; i < end;) {
    const c = body[i]!
    if (c === QUOTE) return i + 1
    if (c === BACKSLASH) i = escapeEnd(body, i, end)
    else if (c < 0x20) throw new Malformed(i, 'a control character must be escaped')
    else i++
  }
  throw new Malformed(end, 'it ends within a string')
}

/** Past an escape whose backslash is at `at`. */
function escapeEnd(body: Buffer, at: number, end: number): number {
  switch (body[at + 1]!) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2
    case 0x75: // u
      for (let i = at + 2; i < at + 6; i++)
        if (i >= end || !isHex(body[i]!)) throw new Malformed(at, String.raw`\u needs four hexadecimal digits`)
      return at + 6
    default:
      throw new Malformed(at, 'there is no such escape')
  }
}

/** Past a number. */
export function numberEnd(body: Buffer, at: number, end: number): number {
  let i = at
  if (body[i] === 0x2d) i++
  if (body[i] === 0x30) i++
  else i = digitsEnd(body, i, end)
  if (body[i] === 0x2e) i = digitsEnd(body, i + 1, end)
  if (body[i] === 0x65 || body[i] === 0x45) {
    i++
    if (body[i] === 0x2b || body[i] === 0x2d) i++
    i = digitsEnd(body, i, end)
  }
  return i
}

function digitsEnd(body: Buffer, at: number, end: number): number {
  let i = at
  while (i < end && body[i]! >= 0x30 && body[i]! <= 0x39) i++
  if (i === at) throw new Malformed(at, at >= end ? 'it ends too early' : 'a value is missing or wrong')
  return i
}

/** Past true, false or null. */
export function wordEnd(body: Buffer, at: number, word: string): number {
  for (let i = 0; i < word.length; i++)
    if (body[at + i] !== word.charCodeAt(i)) throw new Malformed(at, 'a value is missing or wrong')
  return at + word.length
}

const isHex = (c: number): boolean => (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66) || (c >= 0x41 && c <= 0x46)
