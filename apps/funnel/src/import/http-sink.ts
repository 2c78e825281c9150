import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError } from '@funnel/events'
import { publicly, type Sink, type Told, type Verdict } from './sink.js'

const MAX_BODY = 400_000
const MAX_EVENTS = 1_000
/** How long the door may be busy or away before an import gives up; run again, it goes on where it was. */
const PATIENCE = 60_000
/** Too slow in taking the request, with too much under way, or without its store: the same request may do later. */
const BUSY: ReadonlySet<number> = new Set([408, 429, 503])
const BACK_OFF = [200, 500, 1_000, 2_000, 5_000]

/** The public door: what is sent is answered after commit. Busy (408, 429, 503) or away, it is asked again. */
export function httpSink(url: string, key: string, importId: string, patience = PATIENCE): Sink {
  const target = new URL('/v1/events', url)

  const post = async (body: string): Promise<Response> => {
    const until = Date.now() + patience
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-funnel-import': importId },
        body,
      }).catch((error: unknown) => new FunnelError('UNAVAILABLE', `${target.origin} cannot be reached`, {}, error))
      const busy = response instanceof FunnelError || BUSY.has(response.status)
      if (!busy) return response
      const asked = response instanceof FunnelError ? 0 : Number(response.headers.get('retry-after') ?? 0) * 1000
      const wait = asked || (BACK_OFF[attempt] ?? BACK_OFF.at(-1)!)
      if (Date.now() + wait > until)
        throw response instanceof FunnelError
          ? response
          : new FunnelError(
              'OVERLOADED',
              `${target.origin} has been busy for ${patience / 1000} s; run the import again, it goes on where it was`,
            )
      if (response instanceof Response) await response.body?.cancel()
      await sleep(wait)
    }
  }

  const sendOne = async (body: string): Promise<readonly Verdict[]> => {
    const response = await post(body)
    const answer: unknown = await response.json().catch(() => undefined)
    return verdictsOf(response, answer)
  }

  return {
    name: target.origin,
    async send(events) {
      const verdicts: Verdict[] = []
      for (const body of bodies(events)) verdicts.push(...(await sendOne(body)))
      return verdicts
    },
    close: () => Promise.resolve(),
  }
}

/** The events as JSON arrays within the limits of one request. */
function* bodies(events: readonly Told[]): Iterable<string> {
  let items: string[] = []
  let size = 0
  for (const told of events) {
    const item = JSON.stringify(publicly(told))
    const bytes = Buffer.byteLength(item) + 1
    if (items.length && (size + bytes > MAX_BODY || items.length >= MAX_EVENTS)) {
      yield `[${items.join(',')}]`
      items = []
      size = 0
    }
    items.push(item)
    size += bytes
  }
  if (items.length) yield `[${items.join(',')}]`
}

interface Answer {
  readonly events?: readonly {
    readonly outcome: 'accepted' | 'duplicate' | 'conflict' | 'rejected'
    readonly code?: string
    readonly field?: string
    readonly message?: string
  }[]
  readonly detail?: string
}

function verdictsOf(response: Response, answer: unknown): readonly Verdict[] {
  const { events, detail } = (answer ?? {}) as Answer
  if (events)
    return events.map(({ outcome, ...rest }) => ({ ...rest, outcome: outcome === 'accepted' ? 'recorded' : outcome }))
  const denied = response.status === 401 || response.status === 403
  throw new FunnelError(
    denied ? 'UNAUTHENTICATED' : 'UNAVAILABLE',
    denied
      ? `${response.url} does not take this write key`
      : `${response.url} answered ${response.status}${detail ? `: ${detail}` : ''}`,
  )
}
