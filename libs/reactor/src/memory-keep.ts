import type { Instant } from '@funnel/events'
import type { Keep } from './place.js'
import type { Json, Timer } from './reactor.js'
import { byDue } from './steps.js'

export interface MemoryKeep<State extends Json> extends Keep<State> {
  /** When the next timer is due: as far as a simulated clock may jump. */
  readonly nextDue: Instant | undefined
}

/** Keeps what a reactor keeps in memory; nothing before it is history. */
export function memoryKeep<State extends Json>(): MemoryKeep<State> {
  const states = new Map<string, State>()
  const timers = new Map<string, Timer>()
  let next: Instant | 'unknown' | undefined
  let place: Keep<State>['place'] = { epoch: '', fold: 0, positions: {}, w: null, quietUntil: null }
  return {
    get place() {
      return place
    },
    get nextDue() {
      if (next === 'unknown') {
        next = undefined
        for (const { due } of timers.values()) if (next === undefined || due < next) next = due
      }
      return next
    },
    load: async (keys) => new Map(keys.flatMap((key) => (states.has(key) ? [[key, states.get(key)!] as const] : []))),
    dueBy: async (w, atMost) =>
      // most of the time nothing is
      (typeof next === 'number' && next > w ? [] : [...timers.values()])
        .filter(({ due }) => due <= w)
        .toSorted(byDue)
        .slice(0, atMost),
    async save(stepped, positions, w) {
      for (const [key, state] of stepped.states)
        if (state === undefined) states.delete(key)
        else states.set(key, state)
      if (stepped.gone.size || stepped.armed.size) next = 'unknown'
      for (const id of stepped.gone) timers.delete(id)
      for (const [id, timer] of stepped.armed) timers.set(id, timer)
      place = { ...place, fold: place.fold + 1, positions, w }
    },
  }
}
