import { advance, type Instant, type Recorded } from '@funnel/events'
import { takeBatch } from '../batch.js'
import { memoryKeep } from '../memory-keep.js'
import type { Intent, Json, Reactor } from '../reactor.js'

/**
 * A reactor on a log that is replayed: nothing that it asks for is carried out, `asked` alone hears of it. Keeps all
 * states in memory.
 */
export function player<State extends Json, Command>(
  reactor: Reactor<State, Command>,
  asked: (intent: Intent<Command>) => void,
) {
  const keep = memoryKeep<State>()
  const acting = {
    reactor,
    keep,
    execute: async (intent: Intent<Command>) => {
      asked(intent)
      return 'done' as const
    },
  }
  return {
    /** Goes on over a page of the log, of which it hears these records, as they are here. */
    take: async (page: readonly Recorded[], heard: readonly Recorded[]): Promise<void> => {
      const last = page.at(-1)
      if (last)
        await takeBatch(acting, { events: heard, positions: advance(keep.place.positions, page), w: last.recorded - 1 })
    },
    /** What is due by the end of the log. */
    end: async (w: Instant): Promise<void> => {
      await takeBatch(acting, { events: [], positions: keep.place.positions, w })
    },
  }
}
