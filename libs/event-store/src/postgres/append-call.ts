import { addressOfStream, contentHash, counter, topicById, topics, type Envelope, type Recorded } from '@funnel/events'
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
  /** Of the new events, in order; null where there are none. */
  readonly positions: readonly number[] | null
  readonly versions: readonly number[] | null
  readonly recorded: readonly number[] | null
  /** What is known already, by its place in the call; the row is null for a copy of an event that this very call records. */
  readonly known: readonly (Nullable<EventRow> & Known)[] | null
}
interface Known {
  readonly ord: number
  readonly outcome: 'duplicate' | 'conflict'
}
type Nullable<Row> = { readonly [name in keyof Row]: Row[name] | null }

/** One call of `store.append`: its parameters, and what its answer means. */
export interface AppendCall {
  readonly values: readonly [keys: string, envelopes: string, expected: string]
  readonly decode: (answer: AppendAnswer) => readonly Appended[]
}

/** Puts the call together. Throws INVALID for an event of an unknown type or contradicting versions. */
export function appendCall(key: Buffer, appends: readonly Append[]): AppendCall {
  const first = new Map<string, { ord: number; hash: Buffer }>()
  const nth = counter()
  const items = appends
    .flatMap(({ events, supplied }) => events.map((event) => ({ event, supplied: supplied?.get(event.id) })))
    .map(({ event, supplied }, ord) => {
      const address = addressOfEvent(event)
      const hash = contentHash(key, event, supplied)
      const before = first.get(event.id)
      if (!before) first.set(event.id, { ord, hash })
      return { event, ord, ...address, hash, copy: before && before.hash.equals(hash) }
    })
  // in the order of the fields of `store.incoming`
  const keys = items.map(({ event, ord, topic, partition, stream, hash, copy }) => [
    ord,
    topics[topic].id,
    partition,
    quoted(stream),
    event.id,
    event.type,
    quoted(`\\x${hash.toString('hex')}`),
    nth(stream),
    nth(`${topic}/${partition}`),
    copy,
  ])
  const expected = Object.entries(expectedVersions(appends)).map(([stream, version]) => {
    const { topic, partition } = addressOfStream(stream)
    return { stream, topic: topics[topic].id, partition, version }
  })
  return {
    values: [
      `{${keys.map((key) => quoted(`(${key.join()})`)).join()}}`,
      JSON.stringify(items.map(({ event }) => event)),
      JSON.stringify(expected),
    ],
    decode({ positions, versions, recorded, known }) {
      const knownAt = new Map(known?.map((one) => [one.ord, one]))
      const answers: Appended[] = []
      let next = 0
      for (const { event, ord, topic, partition, stream } of items) {
        const one = knownAt.get(ord)
        const record: Recorded = one
          ? one.envelope
            ? recordOf(one as EventRow)
            : answers[first.get(event.id)!.ord]!.record
          : {
              topic,
              partition,
              position: positions![next]!,
              stream,
              version: versions![next]!,
              recorded: recorded![next++]!,
              event,
            }
        answers.push({ outcome: one?.outcome ?? 'recorded', record })
      }
      return answers
    },
  }
}

/** Text as it stands in a row, or a row in an array, as PostgreSQL reads them. */
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
