import { createHash } from 'node:crypto'
import {
  canonicalJson,
  dataschemaOf,
  derivedId,
  FunnelError,
  occurredAt,
  typeOf,
  upcast,
  type Envelope,
  type Instant,
  type Recorded,
} from '@funnel/events'
import { evolved, type Decided, type Decider, type Happened } from '@funnel/domain'
import { addressOfEvent } from './address.js'
import type { EventStore } from './event-store.js'

/** A command and all that goes with it. */
export interface Handling<Command, State> {
  readonly decider: Decider<Command, State>
  readonly command: Command
  /** The streams that the decision rests on and may write to; read one after the other. */
  readonly streams: readonly string[]
  /** Who asks, as a URI reference: the scope of `key`. */
  readonly source: string
  /** Names this very request: repeated with the same command it gives the first answer again. */
  readonly key: string
  /** The version that the first stream must have, where the caller insists on one. */
  readonly expected?: number
  /** The person who decides; absent: the platform. */
  readonly actor?: string
  /** The event that led to it, with its correlation. */
  readonly cause?: Pick<Envelope, 'id' | 'correlationid' | 'hops'>
  readonly now?: Instant
}

export interface Handled {
  /** What was recorded for this command; empty where there was nothing to do. */
  readonly events: readonly Recorded[]
  /** It had been recorded before, by an earlier request under this key. */
  readonly repeated: boolean
}

/** Another writer may be faster so many times before the caller is told. */
const ATTEMPTS = 10
/** Events since the outside cause, at most; a longer chain is a loop of automation. */
const MOST_HOPS = 16

/**
 * Reads the streams, decides, and appends what was decided if the streams are still as read; else reads and decides again.
 * Ids come of source, key and ordinal, so that a repeated request finds its own events: with the same command it gets
 * them, with another one IDEMPOTENCY_CONFLICT. A command that came to nothing is decided anew. Decisions of a stream
 * happen one after the other, whatever the clock does.
 * Throws what `decide` throws; VERSION_CONFLICT where `expected` is not the version; UNAVAILABLE.
 */
export async function handle<Command, State>(store: EventStore, handling: Handling<Command, State>): Promise<Handled> {
  const { decider, command, streams, key, expected, cause, now = Date.now() } = handling
  const hops = cause ? (cause.hops ?? 0) + 1 : 0
  if (hops > MOST_HOPS)
    throw new FunnelError('REJECTED', `${hops} events follow from one another: automation goes in a circle`, { hops })
  const requesthash = createHash('sha256').update(canonicalJson(command)).digest('hex')
  for (let attempt = 1; ; attempt++) {
    const read = await Promise.all(streams.map((stream) => store.read(stream)))
    const before = read.flat()
    const repeated = answeredBefore(before, handling, requesthash)
    if (repeated) return { events: repeated, repeated: true }
    const [version = 0] = read.map((records) => records.at(-1)?.version ?? 0)
    if (expected !== undefined && expected !== version)
      throw new FunnelError(
        'VERSION_CONFLICT',
        `${streams[0]} is at version ${version}, not ${expected}: read it again`,
        {
          stream: streams[0],
          expected,
          actual: version,
        },
      )
    const last = before.reduce(
      (latest, record) => (isDecision(record) ? Math.max(latest, occurredAt(record)) : latest),
      0,
    )
    const at = Math.max(now, last + 1)
    const decided = decider.decide(command, evolved(decider, before.map(happened)), at)
    if (!decided.length) return { events: [], repeated: false }
    const versions = new Map(streams.map((stream, i) => [stream, read[i]!.at(-1)?.version ?? 0]))
    const next = new Map(versions)
    const events = decided.map((one, ordinal): Envelope => {
      const event = envelope(one, { ...handling, at, ordinal, hops, requesthash })
      const { stream } = addressOfEvent(event)
      const sequence = (next.get(stream) ?? 0) + 1
      if (!versions.has(stream))
        throw new FunnelError('INTERNAL', `a decision writes to ${stream}, which it was not based on`, { stream })
      next.set(stream, sequence)
      return { ...event, sequence }
    })
    try {
      const appended = await store.append({ events, expected: Object.fromEntries(versions) })
      if (appended.some(({ outcome }) => outcome !== 'recorded')) throw otherCommand(key)
      return { events: appended.map(({ record }) => record), repeated: false }
    } catch (error) {
      const late = error instanceof FunnelError && error.code === 'VERSION_CONFLICT'
      if (!late || attempt === ATTEMPTS) throw error
    }
  }
}

/** What an earlier request under this key recorded; throws where it was another command. */
function answeredBefore(
  before: readonly Recorded[],
  { source, key }: Pick<Handling<unknown, unknown>, 'source' | 'key'>,
  requesthash: string,
): readonly Recorded[] | undefined {
  const id = idOf(source, key, 0)
  const first = before.find(({ event }) => event.id === id)
  if (!first) return undefined
  if (first.event.requesthash !== requesthash) throw otherCommand(key)
  const found = [first]
  for (let ordinal = 1; ; ordinal++) {
    const next = idOf(source, key, ordinal)
    const record = before.find(({ event }) => event.id === next)
    if (!record) return found
    found.push(record)
  }
}

const otherCommand = (key: string) =>
  new FunnelError('IDEMPOTENCY_CONFLICT', 'this idempotency key was used for another command: take a new one', { key })

const idOf = (source: string, key: string, ordinal: number): string => derivedId('command', source, key, ordinal)

const isDecision = ({ event }: Recorded): boolean => event.requesthash !== undefined

function happened(record: Recorded): Happened {
  const { type, data } = upcast(record.event)
  return { type, data, at: occurredAt(record) } as Happened
}

function envelope(
  { type, data }: Decided,
  {
    source,
    key,
    actor,
    cause,
    at,
    ordinal,
    hops,
    requesthash,
  }: Pick<Handling<unknown, unknown>, 'source' | 'key' | 'actor' | 'cause'> & {
    readonly at: Instant
    readonly ordinal: number
    readonly hops: number
    readonly requesthash: string
  },
): Envelope {
  const eventType = typeOf(type)!
  return {
    specversion: '1.0',
    id: idOf(source, key, ordinal),
    source,
    type,
    dataschema: dataschemaOf(eventType),
    time: new Date(at).toISOString(),
    partitionkey: (data as Readonly<Record<string, string>>)[eventType.key]!,
    ...(cause && { causationid: cause.id, correlationid: cause.correlationid ?? cause.id }),
    ...(hops && { hops }),
    requesthash,
    ...(actor !== undefined && { actor }),
    data,
  }
}
