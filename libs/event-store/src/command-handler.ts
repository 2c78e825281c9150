import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  canonicalJson,
  checkedData,
  dataschemaOf,
  derivedId,
  FunnelError,
  FUTURE_TOLERANCE,
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

/** Who asks for a command, and what must hold. */
export interface Asking {
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

/** A command and all that goes with it. */
export interface Handling<Command, State> extends Asking {
  readonly decider: Decider<Command, State>
  readonly command: Command
  /** The streams that the decision rests on and may write to; read one after the other. */
  readonly streams: readonly string[]
  /** For decisions on one long stream, time and again: where its state is kept between them, by this decider alone. */
  readonly memory?: StreamMemory<State>
}

/** States of streams as they were at a version, so that only what came after it is read. Grows with the streams. */
export type StreamMemory<State> = Map<string, Remembered<State>>

interface Remembered<State> {
  readonly version: number
  readonly state: State
  readonly last: Last
}

/** The latest instants of some streams; 0 where there is none. */
interface Last {
  /** When anything happened in them, observed or decided. */
  readonly happened: Instant
  /** When anything was recorded in them. */
  readonly recorded: Instant
  /** When a decision was taken: it may happen later than that, see `handle`, and is recorded at once. */
  readonly decided: Instant
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
 * Reads the streams, decides, and appends what was decided if all the streams are still as read; else reads and decides
 * again. Ids come of source, key and ordinal, so that a repeated request finds its own events: with the same command it gets
 * them, with another one IDEMPOTENCY_CONFLICT, whatever that is about. A command that came to nothing is decided anew.
 * A decision happens after all that is known of its streams, whatever the clocks do: after the decisions before it, and after
 * what was observed, though an observer's clock be ahead by what is tolerated (`FUTURE_TOLERANCE`); else that would outrank
 * it in every fold. What it is decided at, which deadlines are compared with, is not put off by observers.
 * Throws what `decide` throws; VERSION_CONFLICT where `expected` is not the version, or where others are always faster;
 * INVALID where an event may not hold what was decided; UNAVAILABLE.
 */
export async function handle<Command, State>(
  store: Pick<EventStore, 'read' | 'find' | 'append'>,
  handling: Handling<Command, State>,
): Promise<Handled> {
  const { decider, command, source, key, expected, cause, memory, now = Date.now() } = handling
  const hops = cause ? (cause.hops ?? 0) + 1 : 0
  if (hops > MOST_HOPS)
    throw new FunnelError('REJECTED', `${hops} events follow from one another: automation goes in a circle`, { hops })
  const requesthash = createHash('sha256').update(canonicalJson(command)).digest('hex')
  const streams = [...new Set(handling.streams)]
  for (let attempt = 1; ; attempt++) {
    const [first, ...read] = await Promise.all([
      store.find(idOf(source, key, 0)),
      ...streams.map((stream) => store.read(stream, memory?.get(stream)?.version)),
    ])
    if (first) {
      if (first.event.requesthash !== requesthash) throw otherCommand(key)
      return { events: await allFrom(first, store, source, key), repeated: true }
    }
    const known = streams.length === 1 ? memory?.get(streams[0]!) : undefined
    const before = read.flat()
    const versions = new Map(streams.map((stream, i) => [stream, read[i]!.at(-1)?.version ?? known?.version ?? 0]))
    const [version = 0] = versions.values()
    if (expected !== undefined && expected !== version)
      throw new FunnelError(
        'VERSION_CONFLICT',
        `${streams[0]} is at version ${version}, not ${expected}: read it again`,
        { stream: streams[0], expected, actual: version },
      )
    const last = lastOf(before, known?.last)
    const state = evolved(decider, before.map(happened), known?.state)
    if (memory && streams.length === 1) memory.set(streams[0]!, { version, state, last })
    const decidedAt = Math.max(now, last.decided + 1)
    // later than that it would be taken for a false time, and count as of when it is recorded
    const at = Math.max(decidedAt, Math.min(last.happened + 1, last.recorded + FUTURE_TOLERANCE))
    const decided = decider.decide(command, state, decidedAt)
    if (!decided.length) return { events: [], repeated: false }
    const events = sequenced(
      decided.map((one, ordinal) => envelope(one, { ...handling, at, ordinal, hops, requesthash })),
      versions,
    )
    try {
      const appended = await store.append({ events, expected: Object.fromEntries(versions) })
      return { events: appended.map(({ record }) => record), repeated: false }
    } catch (error) {
      if (!(error instanceof FunnelError) || !OVERTAKEN.has(error.code) || attempt === ATTEMPTS) throw error
      await sleep(Math.random() * 4 * attempt)
    }
  }
}

/** Another writer was faster: with a decision of its own, or with the same request. */
const OVERTAKEN: ReadonlySet<string> = new Set(['VERSION_CONFLICT', 'CONFLICT'])

/** What a request recorded, by the first of it. */
async function allFrom(
  first: Recorded,
  store: Pick<EventStore, 'find'>,
  source: string,
  key: string,
): Promise<readonly Recorded[]> {
  const found = [first]
  for (;;) {
    const next = await store.find(idOf(source, key, found.length))
    if (!next) return found
    found.push(next)
  }
}

const lastOf = (before: readonly Recorded[], known: Last = { happened: 0, recorded: 0, decided: 0 }): Last =>
  before.reduce(
    ({ happened, recorded, decided }, record) => ({
      happened: Math.max(happened, occurredAt(record)),
      recorded: Math.max(recorded, record.recorded),
      decided: isDecision(record) ? Math.max(decided, Math.min(occurredAt(record), record.recorded)) : decided,
    }),
    known,
  )

const isDecision = ({ event }: Recorded): boolean => event.requesthash !== undefined

const otherCommand = (key: string) =>
  new FunnelError('IDEMPOTENCY_CONFLICT', 'this idempotency key was used for another command: take a new one', { key })

const idOf = (source: string, key: string, ordinal: number): string => derivedId('command', source, key, ordinal)

function happened(record: Recorded): Happened {
  const { type, data } = upcast(record.event)
  return { type, data, at: occurredAt(record) } as Happened
}

/** The events with the versions that they will have, which order decisions of one instant. */
function sequenced(events: readonly Envelope[], versions: ReadonlyMap<string, number>): readonly Envelope[] {
  const next = new Map(versions)
  return events.map((event) => {
    const { stream } = addressOfEvent(event)
    const version = next.get(stream)
    if (version === undefined)
      throw new FunnelError('INTERNAL', `a decision writes to ${stream}, which it was not based on`, { stream })
    next.set(stream, version + 1)
    return { ...event, sequence: version + 1 }
  })
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
  }: Pick<Asking, 'source' | 'key' | 'actor' | 'cause'> & {
    readonly at: Instant
    readonly ordinal: number
    readonly hops: number
    readonly requesthash: string
  },
): Envelope {
  const eventType = typeOf(type)!
  const checked = checkedData(eventType, eventType.version, data)
  return {
    specversion: '1.0',
    id: idOf(source, key, ordinal),
    source,
    type,
    dataschema: dataschemaOf(eventType),
    time: new Date(at).toISOString(),
    partitionkey: checked[eventType.key] as string,
    ...(cause && { causationid: cause.id, correlationid: cause.correlationid ?? cause.id }),
    ...(hops && { hops }),
    requesthash,
    ...(actor !== undefined && { actor }),
    data: checked,
  }
}
