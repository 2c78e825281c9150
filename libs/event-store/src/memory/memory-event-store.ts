import { randomBytes, randomUUID } from 'node:crypto'
import {
  addressOfStream,
  advance,
  contentHash,
  idInsteadOf,
  positionOf,
  topicNames,
  businessCategories,
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
import type { DefinitionLog } from '../definition-log.js'
import type { Append, Appended, EventStore, Rejection } from '../event-store.js'
import { expectedVersions } from '../expected-versions.js'
import { knownId, versionConflict } from '../refusals.js'

/** A store in memory: for pure tests, and the model that the PostgreSQL store is tested against. */
export interface MemoryEventStore extends EventStore {
  /** Its end, as readers see it; every look moves the watermark on. */
  readonly tail: EventTail
  readonly definitions: DefinitionLog
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
    const events = appends.flatMap((append) => append.events)
    for (const event of events) addressOfEvent(event) // refuses an unknown type before anything is recorded
    const versions = Object.entries(expectedVersions(appends))
    for (const [stream] of versions) addressOfStream(stream) // refuses what is no stream
    if (!events.length) return
    for (const [stream, expected] of versions) {
      const actual = streams.get(stream)?.length ?? 0
      if (actual !== expected) throw versionConflict({ stream, expected, actual })
    }
    if (!versions.length) return
    // a decision is new as a whole
    const seen = new Set<string>()
    for (const { id } of events) {
      if (ids.has(id) || seen.has(id)) throw knownId({ id })
      seen.add(id)
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
      check(appends)
      const stamp = Math.max(clock(), floor)
      return appends.flatMap(({ events, supplied }) =>
        events.map((event): Appended => {
          const hash = contentHash(key, event, supplied?.get(event))
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
    read: async (stream, after = 0, most = Infinity) => (streams.get(stream) ?? []).slice(after, after + most),
    find: async (id) => ids.get(id)?.record,
    idInsteadOf: (id) => idInsteadOf(key, id),
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
    definitions: {
      read: async (after) => logs.get('definitions')![0]!.slice(after),
      firstBusiness: async () =>
        [...streams]
          .filter(([stream]) => businessCategories.some((category) => stream.startsWith(`${category}-`)))
          .map(([, [first]]) => first!.recorded)
          .reduce<Instant | undefined>((least, one) => Math.min(least ?? one, one), undefined),
    },
    async close() {},
  }
}
