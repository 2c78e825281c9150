import { FunnelError } from '@funnel/events'
import type { Limits } from '../limits.js'
import { createNames } from './names.js'
import { numberFault } from './number.js'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  Malformed,
  numberEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  stringEnd,
  wordEnd,
} from './tokens.js'

/** The bytes of a JSON value, and what parsing it would lose or break, where there is something. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly fault: FunnelError | undefined
}

/** Number texts up to this length lose nothing, exponents apart. */
const SAFE_NUMBER = 15

/**
 * Scans one JSON value of `body` from `at`, reading nothing at or past `end`. Accepts the grammar of JSON.parse, in one
 * pass, without recursion. Faults are what parsing would hide or be hurt by: numbers that lose digits, a name twice in one
 * object, more depth, properties or bytes than the limits allow; only the first is told. Throws Malformed.
 */
export type ValueScanner = (body: Buffer, at: number, end: number) => Span

export function createValueScanner(
  limits: Pick<Limits, 'eventBytes' | 'depth' | 'properties'>,
  what = 'event',
): ValueScanner {
  const names = createNames(limits.depth, limits.properties)
  let kinds = new Uint8Array(256) // of the open objects and arrays, by depth
  let depth = 0
  let fault: FunnelError | undefined

  const spoil = (how: string): void => {
    const field = names.path(Math.min(depth, limits.depth))
    fault = new FunnelError('INVALID', field ? `${field} ${how}` : `the ${what} ${how}`, field ? { field } : {})
  }

  const open = (kind: number): void => {
    depth++
    if (depth === kinds.length) {
      const wider = new Uint8Array(depth * 2)
      wider.set(kinds)
      kinds = wider
    }
    kinds[depth] = kind
    if (depth <= limits.depth) names.open(depth)
    else if (!fault) spoil(`lies deeper than ${limits.depth} objects and arrays: send it flatter`)
  }

  const close = (): void => {
    if (depth <= limits.depth) names.close(depth)
    depth--
  }

  /** Past a name and its colon, to the value. */
  const named = (body: Buffer, at: number, end: number): number => {
    if (body[at] !== QUOTE || at >= end) throw new Malformed(at, 'a name in double quotes is missing')
    const past = stringEnd(body, at, end)
    if (!fault) {
      const wrong = names.add(depth, at, past)
      if (wrong === 'twice') spoil('is there twice: only one of them can be meant')
      else if (wrong) spoil(`is one too many: an object may have ${limits.properties} properties`)
    }
    const colon = skipSpace(body, past, end)
    if (body[colon] !== COLON || colon >= end) throw new Malformed(colon, 'a colon is missing')
    return skipSpace(body, colon + 1, end)
  }

  const scalar = (body: Buffer, at: number, end: number): number => {
    switch (body[at]!) {
      case QUOTE:
        return stringEnd(body, at, end)
      case 0x74:
        return wordEnd(body, at, 'true')
      case 0x66:
        return wordEnd(body, at, 'false')
      case 0x6e:
        return wordEnd(body, at, 'null')
      default: {
        const past = numberEnd(body, at, end)
        if (!fault && (past - at > SAFE_NUMBER || hasExponent(body, at, past))) checkNumber(body, at, past)
        return past
      }
    }
  }

  const checkNumber = (body: Buffer, at: number, past: number): void => {
    const wrong = numberFault(body.toString('latin1', at, past))
    if (wrong) spoil(wrong)
  }

  return (body, start, end) => {
    names.reset(body)
    depth = 0
    fault = undefined
    let at = start
    for (;;) {
      // a value begins at `at`
      const kind = body[at]
      if (kind === OPEN_OBJECT || kind === OPEN_ARRAY) {
        open(kind)
        at = skipSpace(body, at + 1, end)
        if (body[at] !== (kind === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)) {
          if (kind === OPEN_OBJECT) at = named(body, at, end)
          continue
        }
        close()
        at++
      } else at = scalar(body, at, end)
      // it ended: what follows belongs to the object or array around it
      for (;;) {
        if (depth === 0) return { start, end: at, fault: tooLong(at - start) ?? fault }
        at = skipSpace(body, at, end)
        const array = kinds[depth] === OPEN_ARRAY
        if (body[at] === COMMA) {
          at = skipSpace(body, at + 1, end)
          if (!array) at = named(body, at, end)
          break
        }
        if (at >= end || body[at] !== (array ? CLOSE_ARRAY : CLOSE_OBJECT))
          throw new Malformed(at, at >= end ? 'it ends too early' : 'a comma or a closing bracket is missing')
        close()
        at++
      }
    }
  }

  function tooLong(bytes: number): FunnelError | undefined {
    if (bytes <= limits.eventBytes) return undefined
    return new FunnelError('TOO_LARGE', `the ${what} has ${bytes} bytes: at most ${limits.eventBytes} are taken`)
  }
}

function hasExponent(body: Buffer, at: number, past: number): boolean {
  for (let i = at; i < past; i++) if (body[i] === 0x65 || body[i] === 0x45) return true
  return false
}
