import type { Batch } from '@funnel/event-log'
import type { FunnelEvent, Instant, Recorded } from '@funnel/events'
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
const AT_ONCE = 8

/**
 * Steps over a batch and over the timers that are due by its watermark, has what is asked for carried out, and saves.
 * Where nothing happens it saves only if it is told to: undefined then.
 */
export async function takeBatch<State extends Json, Command>(
  { reactor, keep, execute }: Acting<State, Command>,
  { events, positions, w }: Batch,
  evenIfNothing = false,
): Promise<Took | undefined> {
  const timers = await keep.dueBy(w)
  if (!events.length && !timers.length && !evenIfNothing) return undefined
  const kept = await statesFor(reactor, keep, events, timers)
  const stepped = steps(reactor, { records: events, w, timers, kept })
  const { about } = reactor
  const chainOf = ({ cause, command }: Intent<Command>) => about?.(command) ?? cause.id
  const outcomes = await carryOut(loud(stepped.intents, keep.place.quietUntil), chainOf, execute)
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

/** Carries out intents: those of one chain one after the other, others beside them. */
async function carryOut<Command>(
  intents: readonly Intent<Command>[],
  chainOf: (intent: Intent<Command>) => string,
  execute: (intent: Intent<Command>) => Promise<Outcome>,
): Promise<Outcome[]> {
  const chains = [...Map.groupBy(intents, chainOf).values()]
  const outcomes: Outcome[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let chain = chains[next++]; chain; chain = chains[next++])
      for (const intent of chain) outcomes.push(await execute(intent))
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, chains.length) }, worker))
  return outcomes
}
