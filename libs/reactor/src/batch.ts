import type { Batch } from '@funnel/event-log'
import { advance, type FunnelEvent, type Instant, type Positions, type Recorded } from '@funnel/events'
import type { Outcome } from './outcome.js'
import type { Keep } from './place.js'
import type { Intent, Json, Reactor, Timer } from './reactor.js'
import { steps } from './steps.js'

/** What a batch came to. */
export interface Took {
  readonly events: number
  /** When the timers that fired were due. */
  readonly fired: readonly Instant[]
  readonly outcomes: readonly Outcome[]
}

/** A reactor, what it keeps, and who carries out what it asks for. */
export interface Acting<State extends Json, Command> {
  readonly reactor: Reactor<State, Command>
  readonly keep: Keep<State>
  /** Carries out a command; must do nothing where the key was carried out before. */
  readonly execute: (intent: Intent<Command>) => Promise<Outcome>
}

/** Commands under way at once. */
const AT_ONCE = 250

/**
 * Events that are stepped over, and timers that fire, in one transaction, at most: so an outage is made up for in portions,
 * memory stays bounded, and who is killed time and again comes on nevertheless.
 */
const MOST_EVENTS = 1000
const MOST_TIMERS = 1000

/**
 * Steps over a batch and over the timers that are due by its watermark, has what is asked for carried out, and saves.
 * Where nothing happens it saves only if it is told to: undefined then.
 */
export async function takeBatch<State extends Json, Command>(
  acting: Acting<State, Command>,
  batch: Batch,
  evenIfNothing = false,
): Promise<Took | undefined> {
  let events = 0
  const fired: Instant[] = []
  const outcomes: Outcome[] = []
  for (const part of partsOf(batch, acting.keep.place.positions))
    for (let rest: Batch | undefined = part; rest;) {
      const portion: Portion = await nextPortion(acting.keep, rest)
      rest = portion.rest
      if (!batch.events.length && !portion.timers.length && !fired.length && !evenIfNothing) return undefined
      const took = await takePortion(acting, portion)
      events += took.events
      fired.push(...took.fired)
      outcomes.push(...took.outcomes)
    }
  return { events, fired, outcomes }
}

/** A batch after a place, with so many events at a time: all but the last part end before the next event. */
function* partsOf({ events, positions, w }: Batch, from: Positions): Generator<Batch> {
  let place = from
  let at = 0
  for (; at + MOST_EVENTS < events.length; at += MOST_EVENTS) {
    const some = events.slice(at, at + MOST_EVENTS)
    place = advance(place, some)
    yield { events: some, positions: place, w: events[at + MOST_EVENTS]!.recorded - 1 }
  }
  yield { events: events.slice(at), positions, w }
}

/** What is stepped over at once: a batch with its timers, or the beginning of one. */
interface Portion extends Batch {
  readonly timers: readonly Timer[]
  readonly rest?: Batch
}

/**
 * As much of a batch as has no more timers than may fire at once: it ends before the first timer beyond, and has the events
 * of up to then, which come before timers of the same instant. Where no events are left before it, timers fire alone.
 */
async function nextPortion({ dueBy, place }: Pick<Keep<Json>, 'dueBy' | 'place'>, batch: Batch): Promise<Portion> {
  const timers = await dueBy(batch.w, MOST_TIMERS + 1)
  const beyond = timers[MOST_TIMERS]
  if (!beyond) return { ...batch, timers }
  const { due } = beyond
  const events = batch.events.filter(({ recorded }) => recorded <= due)
  if (!events.length)
    return { events, positions: place.positions, w: due, timers: timers.slice(0, MOST_TIMERS), rest: batch }
  return {
    events,
    positions: advance(place.positions, events),
    w: due - 1,
    timers: timers.filter((timer) => timer.due < due),
    rest: { ...batch, events: batch.events.slice(events.length) },
  }
}

async function takePortion<State extends Json, Command>(
  { reactor, keep, execute }: Acting<State, Command>,
  { events, positions, w, timers }: Portion,
): Promise<Took> {
  const kept = await statesFor(reactor, keep, events, timers)
  const stepped = steps(reactor, { records: events, w, timers, kept })
  const outcomes = await carryOut(loud(stepped.intents, keep.place.quietUntil), execute, reactor.laneOf)
  await keep.save(stepped, positions, w)
  return { events: events.length, fired: stepped.fired, outcomes }
}

/** Loads what the steps will read, round by round. */
async function statesFor<State extends Json, Command>(
  reactor: Reactor<State, Command>,
  keep: Pick<Keep<State>, 'load'>,
  events: readonly Recorded[],
  timers: readonly Timer[],
): Promise<ReadonlyMap<string, State>> {
  const states = new Map<string, State>()
  const loaded = new Set<string>()
  const all = [...(events as readonly Recorded<FunnelEvent>[]), ...timers]
  for (;;) {
    const wanted = new Set(all.flatMap((step) => reactor.keysOf(step, (key) => states.get(key)))).difference(loaded)
    if (!wanted.size) return states
    for (const [key, state] of await keep.load([...wanted])) states.set(key, state)
    for (const key of wanted) loaded.add(key)
  }
}

/** What is not history. */
const loud = <Command>(intents: readonly Intent<Command>[], quietUntil: Instant | null): readonly Intent<Command>[] =>
  quietUntil === null ? intents : intents.filter(({ at }) => at > quietUntil)

/** Carries out intents: those of one lane one after the other, others beside them. */
async function carryOut<Command>(
  intents: readonly Intent<Command>[],
  execute: (intent: Intent<Command>) => Promise<Outcome>,
  laneOf?: (command: Command) => string,
): Promise<Outcome[]> {
  const chains = [...Map.groupBy(intents, ({ command, cause }) => laneOf?.(command) ?? cause.id).values()]
  const outcomes: Outcome[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let chain = chains[next++]; chain; chain = chains[next++])
      for (const intent of chain) outcomes.push(await execute(intent))
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, chains.length) }, worker))
  return outcomes
}
