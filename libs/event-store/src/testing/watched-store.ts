import { FunnelError } from '@funnel/events'
import type { Append, EventStore } from '../event-store.js'
import { memoryEventStore } from '../memory/memory-event-store.js'

/** A store that tells how it was called, can be held up or be down, and fails a whole call that holds a poisoned event. */
export function watched() {
  const calls: (readonly Append[])[] = []
  const store = memoryEventStore()
  let gate = Promise.resolve()
  let open = () => undefined as void
  let down = false
  const watching: EventStore = {
    ...store,
    append: async (...appends) => {
      calls.push(appends)
      await gate
      if (down) throw new FunnelError('UNAVAILABLE', 'down')
      if (appends.some(({ events }) => events.some(({ source }) => source === 'poison')))
        throw new FunnelError('INVALID', 'poisoned')
      return store.append(...appends)
    },
  }
  return {
    calls,
    store: watching,
    hold: () => {
      gate = new Promise((resolve) => (open = resolve))
    },
    release: () => open(),
    fail: () => {
      down = true
    },
    recorded: async () => (await store.tail.read({}, (await store.tail.heads()).positions, 100_000)).length,
  }
}
