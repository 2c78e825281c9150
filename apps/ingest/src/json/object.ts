import { isUtf8 } from 'node:buffer'
import { FunnelError } from '@funnel/events'
import type { Limits } from '../limits.js'
import { assertEnded, notJson } from './scanner.js'
import { Malformed, OPEN_OBJECT, skipSpace } from './tokens.js'
import { createValueScanner } from './value.js'

/** Reads a body that is one JSON object, within limits that are checked before anything is parsed, and without loss. */
export type ObjectReader = (body: Buffer) => Readonly<Record<string, unknown>>

/**
 * A reader of what the messages call `what`; it has scratch memory of its own, so one serves a process. It throws INVALID
 * where the body is no JSON object or parsing would change it, TOO_LARGE.
 */
export function createObjectReader(
  limits: Pick<Limits, 'eventBytes' | 'depth' | 'properties'>,
  what: string,
): ObjectReader {
  const scan = createValueScanner(limits, what)
  return (body) => {
    const at = skipSpace(body, 0, body.length)
    if (body[at] !== OPEN_OBJECT) throw new FunnelError('INVALID', `the body is no ${what}: send a JSON object`)
    try {
      const { end, fault } = scan(body, at, body.length)
      assertEnded(body, end, body.length)
      if (fault) throw fault
    } catch (error) {
      throw error instanceof Malformed ? notJson(error, 0, 'the body') : error
    }
    if (!isUtf8(body)) throw new FunnelError('INVALID', `the ${what} is not UTF-8: encode the text as UTF-8`)
    return JSON.parse(body.toString()) as Record<string, unknown>
  }
}
