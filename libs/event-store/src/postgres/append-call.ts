import { addressOfStream, contentHash, topicById, topics, type Envelope, type Recorded } from '@funnel/events'
import { addressOfEvent } from '../address.js'
import type { Append, Appended } from '../event-store.js'
import { expectedVersions } from '../expected-versions.js'

/** A row of `store.append`; the place is null for a copy of an event that this very call records. */
export interface AppendRow {
  readonly ord: number
  readonly outcome: Appended['outcome']
  readonly topic: number | null
  readonly partition: number
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly recorded_ms: number
  /** What the log has under this id; null where that is the event sent. */
  readonly envelope: Envelope | null
}

/** One call of `store.append`, or of `store.decide` where versions are expected: its parameters, and what its rows mean. */
export interface AppendCall {
  readonly name: 'append' | 'decide'
  readonly values: readonly string[]
  readonly decode: (rows: readonly AppendRow[]) => readonly Appended[]
}

/** Puts the call together. Throws INVALID for an event of an unknown type or contradicting versions. */
export function appendCall(key: Buffer, appends: readonly Append[]): AppendCall {
  const events = appends.flatMap((append) => append.events)
  const first = new Map<string, { ord: number; hash: Buffer }>()
  let ord = 0
  const keys = appends.flatMap(({ events: some, supplied }) =>
    some.map((event) => {
      const { topic, partition, stream } = addressOfEvent(event)
      const hash = contentHash(key, event, supplied?.get(event.id))
      const before = first.get(event.id)
      if (!before) first.set(event.id, { ord, hash })
      return {
        ord: ord++,
        topic: topics[topic].id,
        partition,
        stream,
        id: event.id,
        hash: `\\x${hash.toString('hex')}`,
        ...(before ? { copy: before.hash.equals(hash) } : {}),
      }
    }),
  )
  const decode = (rows: readonly AppendRow[]): Appended[] => {
    const answers: Appended[] = []
    for (const row of rows.toSorted((a, b) => a.ord - b.ord)) {
      const event = events[row.ord]!
      const record =
        row.topic === null ? answers[first.get(event.id)!.ord]!.record : recordOf(row, row.envelope ?? event)
      answers.push({ outcome: row.outcome, record })
    }
    return answers
  }
  const expected = Object.entries(expectedVersions(appends)).map(([stream, version]) => {
    const { topic, partition } = addressOfStream(stream)
    return { stream, topic: topics[topic].id, partition, version }
  })
  const name = expected.length ? 'decide' : 'append'
  return {
    name,
    values: [JSON.stringify(keys), JSON.stringify(events), JSON.stringify(expected.length ? expected : {})],
    decode,
  }
}

/** A row of the event table as a record. */
export const recordOf = (row: Omit<AppendRow, 'ord' | 'outcome'>, event: Envelope): Recorded => ({
  topic: topicById(row.topic!),
  partition: row.partition,
  position: row.position,
  stream: row.stream,
  version: row.version,
  recorded: row.recorded_ms,
  event,
})
