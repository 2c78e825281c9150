import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { Observable } from 'rxjs'
import { FunnelError } from '@funnel/events'
import { invalid } from '@funnel/ledger'

/** Shortest and usual time between two answers of a stream, in milliseconds. */
const [SHORTEST, USUAL] = [50, 200]

/** What `min_interval_ms` of a request says: 0 the usual time. Throws INVALID where it is too short. */
export function intervalOf(minIntervalMs: number): number {
  if (minIntervalMs !== 0 && minIntervalMs < SHORTEST)
    invalid('min_interval_ms', `The shortest interval is ${SHORTEST} ms`)
  return minIntervalMs || USUAL
}

/**
 * The answers of a server stream as Nest wants them. `ready` resolves when the receiver has taken what was sent, so the
 * source can leave out what nobody could read in time; the signal is aborted when the caller goes or the service ends, and
 * with it ends what the source has going on. A stream that the service ends fails with UNAVAILABLE: there is more to say.
 */
export function streamOf<T>(
  call: Writable,
  ending: AbortSignal,
  source: (ready: () => Promise<void>, signal: AbortSignal) => AsyncIterable<T>,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, ending])
    const ready = async () => {
      if (call.writableNeedDrain) await once(call, 'drain', { signal }).catch(() => undefined)
    }
    const run = async () => {
      for await (const answer of source(ready, signal)) subscriber.next(answer)
    }
    run().then(
      () => (ending.aborted ? subscriber.error(stopping()) : subscriber.complete()),
      // what was going on when it ended was given up
      (error: unknown) => subscriber.error(ending.aborted ? stopping() : error),
    )
    return () => gone.abort()
  })
}

const stopping = () =>
  new FunnelError('UNAVAILABLE', 'The query service is stopping: ask again, another one answers', { retryAfter: 1 })
