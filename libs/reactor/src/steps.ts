import { upcastRecord, type Instant, type Recorded } from '@funnel/events'
import type { Cause, Intent, Json, Reactor, Timer, Turn } from './reactor.js'

/** What a batch has come to, to be saved once its intents are carried out. */
export interface Stepped<State extends Json, Command> {
  readonly states: ReadonlyMap<string, State | undefined>
  readonly armed: ReadonlyMap<string, Timer>
  /** Timers that fired or were cancelled. */
  readonly gone: ReadonlySet<string>
  readonly intents: readonly Intent<Command>[]
  /** When the timers that fired were due, in the order in which they did. */
  readonly fired: readonly Instant[]
}

/**
 * Runs a reactor over events of the total order and over the timers that come due up to the watermark `w`: before an
 * event recorded at r every timer with due < r fires, after the last one every timer with due ≤ w, in the order of
 * (due, id). So what fires depends on the log alone and not on when anybody looked. `kept` has the states that `keysOf`
 * named; `timers` those that are armed and due at or before `w`. Pure.
 */
export function steps<State extends Json, Command>(
  reactor: Reactor<State, Command>,
  {
    records,
    w,
    kept,
    timers,
  }: {
    readonly records: readonly Recorded[]
    readonly w: Instant
    readonly kept: ReadonlyMap<string, State>
    readonly timers: readonly Timer[]
  },
): Stepped<State, Command> {
  const states = new Map<string, State | undefined>()
  const armed = new Map<string, Timer>()
  const gone = new Set<string>()
  const intents: Intent<Command>[] = []
  // only what can fire in this batch; in order
  const pending = timers.toSorted(byDue)
  const fired: Instant[] = []

  const leave = (id: string): void => {
    armed.delete(id)
    gone.add(id)
    const index = pending.findIndex((timer) => timer.id === id)
    if (index >= 0) pending.splice(index, 1)
  }
  const turn = (cause: Cause, at: Instant): Turn<State, Command> => {
    const count = new Map<string, number>()
    return {
      get: (key) => (states.has(key) ? states.get(key) : kept.get(key)),
      set: (key, state) => states.set(key, state),
      arm: (id, due, data) => {
        const timer = { id, due, data, cause }
        leave(id)
        gone.delete(id)
        armed.set(id, timer)
        if (due > w) return
        const later = pending.findIndex((other) => byDue(other, timer) > 0)
        pending.splice(later < 0 ? pending.length : later, 0, timer)
      },
      cancel: leave,
      command: (rule, command) => {
        const ordinal = count.get(rule) ?? 0
        count.set(rule, ordinal + 1)
        const key = `${reactor.name}/${rule}/${cause.id}/${ordinal}`
        intents.push({ command, cause, at, key })
        return key
      },
    }
  }
  const fire = (isDue: (due: Instant) => boolean): void => {
    for (let next = pending[0]; next && isDue(next.due); next = pending[0]) {
      leave(next.id)
      fired.push(next.due)
      reactor.due(next, turn(next.cause, next.due))
    }
  }

  for (const record of records) {
    fire((due) => due < record.recorded)
    reactor.react(upcastRecord(record), turn(causeOf(record), record.recorded))
  }
  fire((due) => due <= w)
  return { states, armed, gone, intents, fired }
}

/** The order in which timers fire. */
export const byDue = (a: Timer, b: Timer): number => a.due - b.due || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

const causeOf = ({ event: { id, correlationid, hops } }: Recorded): Cause => ({
  id,
  ...(correlationid !== undefined && { correlationid }),
  ...(hops !== undefined && { hops }),
})
