import {
  addressOfStream,
  contentHash,
  counter,
  topicById,
  topics,
  type Envelope,
  type Recorded,
  type Topic,
} from '@funnel/events'
import { addressOfEvent } from '../address.js'
import type { Append, Appended } from '../event-store.js'
import { expectedVersions } from '../expected-versions.js'

/** A row of the event table. */
export interface EventRow {
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly recorded_ms: number
  readonly envelope: Envelope
}

/** What `store.append` gives. */
export interface AppendAnswer {
  /** Of each partition of the call the last position before it, and when its new events were recorded. */
  readonly positions: readonly number[]
  readonly recorded: readonly number[]
  /** Of each stream of the call the last version before it. */
  readonly versions: readonly number[]
  /** What is known already, by its place in the call; the row is null for a copy of an event that this very call records. */
  readonly known: readonly (Nullable<EventRow> & Known)[] | null
}
interface Known {
  readonly ord: number
  readonly outcome: 'duplicate' | 'conflict'
}
type Nullable<Row> = { readonly [name in keyof Row]: Row[name] | null }

/** One call of `store.append`: as a query, and what its answer means. */
export interface AppendCall {
  readonly text: string
  readonly values: readonly string[]
  readonly decode: (answer: AppendAnswer) => readonly Appended[]
}

/** Puts the call together. Throws INVALID for an event of an unknown type or contradicting versions. */
export function appendCall(key: Buffer, appends: readonly Append[]): AppendCall {
  const first = new Map<string, { ord: number; hash: Buffer }>()
  const partitions = new Groups<{ readonly topic: Topic; readonly partition: number }>()
  const streams = new Groups<string>()
  const items = appends
    .flatMap(({ events, supplied }) => events.map((event) => ({ event, supplied: supplied?.get(event) })))
    .map(({ event, supplied }, ord) => {
      const { topic, partition, stream } = addressOfEvent(event)
      const hash = contentHash(key, event, supplied)
      const before = first.get(event.id)
      if (!before) first.set(event.id, { ord, hash })
      return {
        event,
        hash,
        copy: before && before.hash.equals(hash),
        ofPartition: partitions.of(`${topic}/${partition}`, { topic, partition }),
        ofStream: streams.of(stream, stream),
      }
    })
  const expected = Object.entries(expectedVersions(appends)).map(([stream, version]) => {
    const { topic, partition } = addressOfStream(stream)
    return { stream, topic: topics[topic].id, partition, version }
  })
  const values = [
    arrayOf(partitions.all.map(({ topic }) => topics[topic].id)),
    arrayOf(partitions.all.map(({ partition }) => partition)),
    arrayOf(streams.all.map(quoted)),
    arrayOf(items.map(({ ofPartition }) => ofPartition.group + 1)),
    arrayOf(items.map(({ ofStream }) => ofStream.group + 1)),
    arrayOf(items.map(({ ofPartition }) => ofPartition.nth)),
    arrayOf(items.map(({ ofStream }) => ofStream.nth)),
    arrayOf(items.map(({ event }) => event.id)),
    arrayOf(items.map(({ ofStream }) => quoted(streams.all[ofStream.group]!))),
    arrayOf(items.map(({ event }) => event.type)),
    arrayOf(items.map(({ hash }) => quoted(`\\x${hash.toString('hex')}`))),
    arrayOf(items.map(({ copy }) => copy ?? null)),
    JSON.stringify(items.map(({ event }) => event)),
    JSON.stringify(expected),
  ]
  return {
    text: `select store.append(${values.map((_, index) => `$${index + 1}`).join()}) as answer`,
    values,
    decode({ positions, versions, recorded, known }) {
      const knownAt = new Map(known?.map((one) => [one.ord, one]))
      const answers: Appended[] = []
      const [position, version] = [[...positions], [...versions]]
      for (const [ord, { event, ofPartition, ofStream }] of items.entries()) {
        const one = knownAt.get(ord)
        const record: Recorded = one
          ? one.envelope
            ? recordOf(one as EventRow)
            : answers[first.get(event.id)!.ord]!.record
          : {
              ...partitions.all[ofPartition.group]!,
              position: ++position[ofPartition.group]!,
              stream: streams.all[ofStream.group]!,
              version: ++version[ofStream.group]!,
              recorded: recorded[ofPartition.group]!,
              event,
            }
        answers.push({ outcome: one?.outcome ?? 'recorded', record })
      }
      return answers
    },
  }
}

/** What events have in common: each numbered from 0 as it is met first, with how many of the events have it. */
class Groups<Value> {
  readonly all: Value[] = []
  readonly #groups = new Map<string, number>()
  readonly #nth = counter()

  /** The group of an event, and which of it the event is, from 1. */
  of(name: string, value: Value): { readonly group: number; readonly nth: number } {
    const nth = this.#nth(name)
    if (nth === 1) this.#groups.set(name, this.all.push(value) - 1)
    return { group: this.#groups.get(name)!, nth }
  }
}

/** An array as PostgreSQL reads it. */
const arrayOf = (values: readonly (string | number | boolean | null)[]): string =>
  `{${values.map((value) => value ?? 'null').join()}}`

/** Text as it stands in an array. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`

/** A row of the event table as a record. */
export const recordOf = ({ topic, recorded_ms, envelope, ...place }: EventRow): Recorded => ({
  topic: topicById(topic),
  partition: place.partition,
  position: place.position,
  stream: place.stream,
  version: place.version,
  recorded: recorded_ms,
  event: envelope,
})
