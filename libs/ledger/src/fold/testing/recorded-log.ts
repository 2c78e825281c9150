import {
  addressOf,
  advance,
  positionOf,
  totalOrder,
  typeOf,
  type FunnelEvent,
  type Instant,
  type Positions,
  type Recorded,
} from '@funnel/events'

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
  let positions: Positions = {}
  const versions = new Map<string, number>()
  return list
    .map(({ type, data, at, sequence, id, recorded }) => {
      const eventType = typeOf(type)!
      const key = data[eventType.key] as string
      const { topic, partition, stream } = addressOf(eventType.category, key)
      const version = (versions.get(stream) ?? 0) + 1
      versions.set(stream, version)
      const made = {
        topic,
        partition,
        position: positionOf(positions, topic, partition) + 1,
        stream,
        version,
        recorded,
        event: {
          specversion: '1.0',
          id,
          source: '/test',
          type,
          dataschema: `${type}:1`,
          time: new Date(at).toISOString(),
          partitionkey: key,
          ...(sequence === undefined ? {} : { sequence }),
          data,
        } as unknown as FunnelEvent,
      }
      positions = advance(positions, [made])
      return made
    })
    .toSorted(totalOrder)
}
