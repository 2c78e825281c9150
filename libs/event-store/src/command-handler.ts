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
import type { Last, Remembered, StreamMemory } from './stream-memory.js'

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
  /** Brings up to date what the decider goes by; done each time before it decides, while the streams are read. */
  readonly refresh?: (() => Promise<void>) | undefined
  /** Of this decider alone; where there is one stream. */
  readonly memory?: StreamMemory<State>
}

/** What a decision needs of a store. */
export type DecidedOn = Pick<EventStore, 'read' | 'find' | 'append' | 'idInsteadOf'>

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
/** Events of a long stream that are read at once. */
const PAGE = 2000

/**
 * Reads the streams, decides, and appends what was decided if all the streams are still as read; else reads and decides
 * again. Ids come of source, key and ordinal, so that a repeated request finds its own events: with the same command it gets
 * them, with another one IDEMPOTENCY_CONFLICT, whatever that is about. A command that came to nothing is decided anew.
 * Who knows source and key can tell these ids: where an observation has one of them already, that event gets the id that the
 * store has instead of it.
 * Those who decide on one stream with the same memory take turns.
 * A decision happens after all that is known of its streams, whatever the clocks do: after the decisions before it, and after
 * what was observed, though an observer's clock be ahead by what is tolerated (`FUTURE_TOLERANCE`); else that would outrank
 * it in every fold. What it is decided at, which deadlines are compared with, is not put off by observers.
 * Throws what `decide` throws; VERSION_CONFLICT where `expected` is not the version, or where others are always faster;
 * INVALID where an event may not hold what was decided; UNAVAILABLE.
 */
export async function handle<Command, State>(store: DecidedOn, handling: Handling<Command, State>): Promise<Handled> {
  const { command, cause, memory } = handling
  const hops = cause ? (cause.hops ?? 0) + 1 : 0
  if (hops > MOST_HOPS)
    throw new FunnelError('REJECTED', `${hops} events follow from one another: automation goes in a circle`, { hops })
  const requesthash = createHash('sha256').update(canonicalJson(command)).digest('hex')
  const streams = [...new Set(handling.streams)]
  const [stream] = streams
  if (memory && stream !== undefined && streams.length === 1)
    return memory.inTurn(stream, () =>
      decide(store, handling, { hops, requesthash }, () => caughtUp(store, handling.decider, memory, stream)),
    )
  return decide(store, handling, { hops, requesthash }, () => readAll(store, handling.decider, streams))
}

/** What every event of a request carries. */
interface Request {
  readonly hops: number
  readonly requesthash: string
}

/** What a decision rests on. */
interface Basis<State> extends Omit<Remembered<State>, 'version'> {
  /** The streams, in the order asked for. */
  readonly versions: ReadonlyMap<string, number>
}

async function decide<Command, State>(
  store: Omit<DecidedOn, 'read'>,
  handling: Handling<Command, State>,
  { hops, requesthash }: Request,
  read: () => Promise<Basis<State>>,
): Promise<Handled> {
  const { source, key, refresh } = handling
  const findFirst = () => recordedAs(decisionId(source, key, 0), store)
  const repeat = async (first: Recorded): Promise<Handled> => {
    if (first.event.requesthash !== requesthash) throw otherCommand(key)
    return { events: await allFrom(first, store, source, key), repeated: true }
  }
  /** Ids that observations have. */
  const taken = new Set<string>()
  const untaken = (event: Envelope): Envelope =>
    taken.has(event.id) ? { ...event, id: store.idInsteadOf(event.id) } : event
  for (let attempt = 1; ; attempt++) {
    const [first, basis] = await Promise.all([findFirst(), read(), refresh?.()])
    if (first) return repeat(first)
    let events: readonly Envelope[] = []
    let refusal: unknown
    try {
      events = decisionOn(basis, handling, { hops, requesthash }).map(untaken)
    } catch (error) {
      refusal = error
    }
    if (!events.length) {
      // read a little later than it was looked for, the streams may hold what was recorded under this very key meanwhile
      const late = await findFirst()
      if (late) return repeat(late)
      if (refusal !== undefined) throw refusal
      return { events: [], repeated: false }
    }
    try {
      const appended = await store.append({ events, expected: Object.fromEntries(basis.versions) })
      return { events: appended.map(({ record }) => record), repeated: false }
    } catch (error) {
      if (!(error instanceof FunnelError) || !OVERTAKEN.has(error.code) || attempt === ATTEMPTS) throw error
      if (error.code === 'CONFLICT') for (const id of await observedOf(events, store)) taken.add(id)
      await sleep(Math.random() * 4 * attempt)
    }
  }
}

/** What a command comes to, as the streams are. Throws what `decide` throws, and VERSION_CONFLICT where they are not as expected. */
function decisionOn<Command, State>(
  { versions, state, last }: Basis<State>,
  handling: Handling<Command, State>,
  request: Request,
): readonly Envelope[] {
  const { decider, command, expected, now = Date.now() } = handling
  const [[stream, version] = ['', 0]] = versions
  if (expected !== undefined && expected !== version)
    throw new FunnelError('VERSION_CONFLICT', `${stream} is at version ${version}, not ${expected}: read it again`, {
      stream,
      expected,
      actual: version,
    })
  const decidedAt = Math.max(now, last.decided + 1)
  // later than that it would be taken for a false time, and count as of when it is recorded
  const at = Math.max(decidedAt, Math.min(last.happened + 1, last.recorded + FUTURE_TOLERANCE))
  return sequenced(
    decider
      .decide(command, state, decidedAt)
      .map((one, ordinal) => envelope(one, { ...handling, at, ordinal, ...request })),
    versions,
  )
}

/** All that some streams hold, one after the other. */
async function readAll<State>(
  store: Pick<EventStore, 'read'>,
  decider: Decider<never, State>,
  streams: readonly string[],
): Promise<Basis<State>> {
  const read = await Promise.all(streams.map((stream) => store.read(stream)))
  const before = read.flat()
  return {
    versions: new Map(streams.map((stream, i) => [stream, read[i]!.at(-1)?.version ?? 0])),
    state: evolved(decider, before.map(happened)),
    last: lastOf(before),
  }
}

/** A stream by what is remembered of it and what came after, in pages: however long it is, it is never held as a whole. */
async function caughtUp<State>(
  store: Pick<EventStore, 'read'>,
  decider: Decider<never, State>,
  memory: StreamMemory<State>,
  stream: string,
): Promise<Basis<State>> {
  for (;;) {
    const { version, state, last } = memory.get(stream) ?? { version: 0, state: decider.initialState, last: NOTHING }
    const page = await store.read(stream, version, PAGE)
    const known = {
      version: page.at(-1)?.version ?? version,
      state: evolved(decider, page.map(happened), state),
      last: lastOf(page, last),
    }
    memory.set(stream, known)
    if (page.length < PAGE) return { ...known, versions: new Map([[stream, known.version]]) }
  }
}

/** Another writer was faster: with a decision of its own, with the same request, or with an id that was meant for it. */
const OVERTAKEN: ReadonlySet<string> = new Set(['VERSION_CONFLICT', 'CONFLICT'])

/** The event of a decision that is recorded under an id, or under the one instead of it where an observation has it. */
async function recordedAs(id: string, store: Omit<DecidedOn, 'read'>): Promise<Recorded | undefined> {
  const found = await store.find(id)
  return !found || isDecision(found) ? found : store.find(store.idInsteadOf(id))
}

/** The ids of events that observations have. */
async function observedOf(events: readonly Envelope[], store: Pick<DecidedOn, 'find'>): Promise<readonly string[]> {
  const found = await Promise.all(events.map(({ id }) => store.find(id)))
  return found.flatMap((record) => (record && !isDecision(record) ? record.event.id : []))
}

/** What a request recorded, by the first of it. */
async function allFrom(
  first: Recorded,
  store: Omit<DecidedOn, 'read'>,
  source: string,
  key: string,
): Promise<readonly Recorded[]> {
  const found = [first]
  for (;;) {
    const next = await recordedAs(decisionId(source, key, found.length), store)
    if (!next) return found
    found.push(next)
  }
}

const lastOf = (before: readonly Recorded[], known: Last = NOTHING): Last =>
  before.reduce(
    ({ happened, recorded, decided }, record) => ({
      happened: Math.max(happened, occurredAt(record)),
      recorded: Math.max(recorded, record.recorded),
      decided: isDecision(record) ? Math.max(decided, Math.min(occurredAt(record), record.recorded)) : decided,
    }),
    known,
  )

const NOTHING: Last = { happened: 0, recorded: 0, decided: 0 }

const isDecision = ({ event }: Recorded): boolean => event.requesthash !== undefined

const otherCommand = (key: string) =>
  new FunnelError('IDEMPOTENCY_CONFLICT', 'this idempotency key was used for another command: take a new one', { key })

/** The id of an event that a request leads to, of the first or of one after it, unless an observation took it before. */
export const decisionId = (source: string, key: string, ordinal = 0): string =>
  derivedId('command', source, key, ordinal)

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
    id: decisionId(source, key, ordinal),
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
