import { randomBytes, randomUUID } from 'node:crypto'
import {
  advance,
  contentHash,
  FunnelError,
  positionOf,
  topicNames,
  topics,
  totalOrder,
  type Envelope,
  type Head,
  type Instant,
  type Positions,
  type Recorded,
} from '@funnel/events'
import type { EventTail } from '@funnel/event-log'
import { addressOfEvent } from '../address.js'
import type { Append, Appended, EventStore, Rejection } from '../event-store.js'
import { expectedVersions } from '../expected-versions.js'

/** A store in memory: for pure tests, and the model that the PostgreSQL store is tested against. */
export interface MemoryEventStore extends EventStore {
  /** Its end, as readers see it; every look moves the watermark on. */
  readonly tail: EventTail
  /** What was refused, conflicts among it. */
  readonly rejected: readonly Rejection[]
}

/** Keeps everything in memory; `clock` gives the recorded time, which never falls whatever the clock does. */
export function memoryEventStore(clock: () => Instant = Date.now): MemoryEventStore {
  const key = randomBytes(32)
  const epoch = randomUUID()
  /** What each partition holds; the event at position n is the nth. */
  const logs = new Map(
    topicNames.map((topic) => [topic, Array.from({ length: topics[topic].partitions }, (): Recorded[] => [])]),
  )
  const streams = new Map<string, Recorded[]>()
  const ids = new Map<string, { record: Recorded; hash: Buffer }>()
  const rejected: Rejection[] = []
  let positions: Positions = {}
  let floor: Instant = Number.NEGATIVE_INFINITY
  let latest: Instant = Number.NEGATIVE_INFINITY

  const check = (appends: readonly Append[]) => {
    const news = new Set<string>()
    for (const event of appends.flatMap(({ events }) => events)) {
      const { stream } = addressOfEvent(event)
      if (!ids.has(event.id)) news.add(stream)
    }
    for (const [stream, expected] of Object.entries(expectedVersions(appends))) {
      const actual = streams.get(stream)?.length ?? 0
      if (news.has(stream) && actual !== expected)
        throw new FunnelError(
          'VERSION_CONFLICT',
          `${stream} is at version ${actual}, not ${expected}: read it again and decide anew`,
          { stream, expected, actual },
        )
    }
  }
  const record = (event: Envelope, hash: Buffer, stamp: Instant): Recorded => {
    const { topic, partition, stream } = addressOfEvent(event)
    const own = streams.get(stream) ?? []
    streams.set(stream, own)
    const log = logs.get(topic)![partition]!
    const recorded = Math.max(stamp, log.at(-1)?.recorded ?? floor)
    latest = Math.max(latest, recorded)
    const made: Recorded = {
      topic,
      partition,
      position: log.length + 1,
      stream,
      version: own.length + 1,
      recorded,
      event,
    }
    own.push(made)
    log.push(made)
    ids.set(event.id, { record: made, hash })
    positions = advance(positions, [made])
    return made
  }

  return {
    rejected,
    async append(...appends) {
      check(appends) // refuses an unknown type, too, before anything is recorded
      const stamp = Math.max(clock(), floor)
      return appends.flatMap(({ events, timeSupplied }) =>
        events.map((event): Appended => {
          const hash = contentHash(key, event, timeSupplied?.has(event.id))
          const known = ids.get(event.id)
          if (!known) return { outcome: 'recorded', record: record(event, hash, stamp) }
          if (known.hash.equals(hash)) return { outcome: 'duplicate', record: known.record }
          rejected.push({
            source: event.source,
            code: 'CONFLICT',
            message: 'the same id was recorded before with other content',
            body: JSON.stringify(event),
          })
          return { outcome: 'conflict', record: known.record }
        }),
      )
    },
    read: async (stream, after = 0) => (streams.get(stream) ?? []).slice(after),
    async reject(rejections) {
      rejected.push(...rejections)
    },
    tail: {
      read: async (after, upTo, limit) =>
        [...logs]
          .flatMap(([topic, partitions]) =>
            partitions.flatMap((log, partition) => {
              const from = positionOf(after, topic, partition)
              const to = Math.min(positionOf(upTo, topic, partition), from + limit)
              return from < to ? log.slice(from, to) : []
            }),
          )
          .sort(totalOrder)
          .slice(0, limit),
      heads: async (): Promise<Head> => {
        // above all that is recorded, so that everything is visible
        floor = Math.max(floor, clock(), latest + 1)
        return { w: floor - 1, positions, epoch }
      },
    },
    async close() {},
  }
}
