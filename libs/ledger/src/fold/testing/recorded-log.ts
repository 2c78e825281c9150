import { addressOf, counter, totalOrder, typeOf, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { recordOf } from '../fact.js'

/** An event before it is recorded: what happened, and when as the producer says. */
export interface Happening {
  readonly type: FunnelEvent['type']
  readonly data: Readonly<Record<string, unknown>>
  readonly at: Instant
  readonly sequence?: number
}

/** The happenings as a store would record them, in the order given, and then in the total order. */
export function recordedLog(
  list: readonly (Happening & { readonly id: string; readonly recorded: Instant })[],
): Recorded<FunnelEvent>[] {
  const next = counter()
  return list
    .map(({ type, data, ...told }) => {
      const eventType = typeOf(type)!
      const address = addressOf(eventType.category, data[eventType.key] as string)
      const { topic, partition, stream } = address
      const position = next(`${topic}/${partition}`)
      return recordOf({ ...address, position, version: next(stream), source: '/test', type, data, ...told })
    })
    .toSorted(totalOrder)
}
