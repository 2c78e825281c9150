import { isUtf8 } from 'node:buffer'
import { FunnelError } from '@funnel/events'
import type { Limits } from '../limits.js'
import { CLOSE_ARRAY, COMMA, LINE_FEED, Malformed, OPEN_ARRAY, OPEN_OBJECT, skipSpace } from './tokens.js'
import { createValueScanner, type Span } from './value.js'

export type { Span } from './value.js'

/** Finds the events of a request body before anything is parsed; what has no fault is UTF-8 and parses without loss. */
export interface Scanner {
  /** The events of a JSON object (one) or array. Throws INVALID where the text is no JSON, TOO_LARGE with too many events. */
  batch(body: Buffer): Span[]
  /** The events of NDJSON, one a line; empty lines are none. A line that is no JSON spoils only itself. Throws TOO_LARGE. */
  lines(body: Buffer): Span[]
}

/** A scanner with scratch memory of its own; a scan is synchronous, so one serves a process. */
export function createScanner(limits: Limits): Scanner {
  const scan = createValueScanner(limits)

  const eventAt = (body: Buffer, at: number, end: number): Span => {
    const span = scan(body, at, end)
    if (span.fault?.code === 'TOO_LARGE' || body[at] === OPEN_OBJECT) return span
    return { ...span, fault: new FunnelError('INVALID', 'an event is a JSON object with type and data') }
  }

  const add = (spans: Span[], span: Span): void => {
    if (spans.length >= limits.eventsPerRequest)
      throw new FunnelError('TOO_LARGE', `a request may hold ${limits.eventsPerRequest} events: send several requests`)
    spans.push(span)
  }

  const array = (body: Buffer, open: number): Span[] => {
    const spans: Span[] = []
    let at = skipSpace(body, open + 1, body.length)
    if (body[at] !== CLOSE_ARRAY)
      for (;;) {
        const span = eventAt(body, at, body.length)
        add(spans, span)
        at = skipSpace(body, span.end, body.length)
        if (body[at] === CLOSE_ARRAY) break
        if (body[at] !== COMMA) throw new Malformed(at, 'a comma or a closing bracket is missing')
        at = skipSpace(body, at + 1, body.length)
      }
    assertEnded(body, at + 1, body.length)
    return spans
  }

  const single = (body: Buffer, at: number, end: number): Span => {
    const span = eventAt(body, at, end)
    assertEnded(body, span.end, end)
    return span
  }

  const line = (body: Buffer, at: number, end: number, number: number): Span => {
    try {
      return single(body, at, end)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      return { start: at, end, fault: notJson(error, at, `line ${number}`) }
    }
  }

  return {
    batch(body) {
      const at = skipSpace(body, 0, body.length)
      if (at === body.length)
        throw new FunnelError('INVALID', 'the request has no body: send an event, an array of events or NDJSON')
      try {
        return encoded(body, body[at] === OPEN_ARRAY ? array(body, at) : [single(body, at, body.length)])
      } catch (error) {
        throw error instanceof Malformed ? notJson(error, 0, 'the body') : error
      }
    },
    lines(body) {
      const spans: Span[] = []
      for (let from = 0, number = 1; from < body.length; number++) {
        const feed = body.indexOf(LINE_FEED, from)
        const end = feed < 0 ? body.length : feed
        const at = skipSpace(body, from, end)
        if (at < end) add(spans, line(body, at, end, number))
        from = end + 1
      }
      return encoded(body, spans)
    },
  }
}

export function assertEnded(body: Buffer, at: number, end: number): void {
  const rest = skipSpace(body, at, end)
  if (rest < end) throw new Malformed(rest, 'something follows the end of the JSON text')
}

export const notJson = ({ at, message }: Malformed, from: number, where: string) =>
  new FunnelError('INVALID', `${where} is no JSON at byte ${at - from}: ${message}`)

/** The spans, those that are not UTF-8 at fault. */
function encoded(body: Buffer, spans: Span[]): Span[] {
  if (isUtf8(body)) return spans
  return spans.map((span) =>
    span.fault || isUtf8(body.subarray(span.start, span.end))
      ? span
      : { ...span, fault: new FunnelError('INVALID', 'the event is not UTF-8: encode the text as UTF-8') },
  )
}
