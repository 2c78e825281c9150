import {
  nothingApplied,
  versionsOf,
  withRecords,
  type AppliedHistory,
  type SomeDefinitions,
  type Versions,
} from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import type { Json } from './reactor.js'

/** What a reactor keeps of the definitions: what was applied of those that it goes by. */
export type AgreedKept = {
  readonly applied: readonly {
    readonly definition: string
    readonly version: number
    readonly effective: number
    readonly recorded: number
    readonly hash: string
    readonly content: Json
  }[]
  readonly firstBusiness?: number
}

/** The key that it is kept under. */
export const AGREED = 'rules'

interface Keeping {
  readonly get: (key: string) => unknown
  readonly set: (key: string, state: never) => void
}

/**
 * The definitions through time as a reactor knows them once it has taken in a record: what the log says, and `base` where
 * it says nothing. `kinds` are those that it goes by. What was applied of them is kept with all else that the reactor
 * knows, so that a batch that is repeated goes by the same.
 */
export function agreed<D extends SomeDefinitions>(base: D, kinds: readonly string[]) {
  const made = new WeakMap<AppliedHistory, Versions<D>>()
  const versions = (history: AppliedHistory): Versions<D> => {
    let known = made.get(history)
    if (!known) made.set(history, (known = versionsOf(base, history)))
    return known
  }
  const known = (turn: Pick<Keeping, 'get'>): AppliedHistory =>
    (turn.get(AGREED) as AppliedHistory | undefined) ?? nothingApplied
  return {
    /** After this record. */
    takenIn: (record: Recorded<FunnelEvent>, turn: Keeping): Versions<D> => {
      const before = known(turn)
      const { event } = record
      if (event.type === 'definition.applied' && !kinds.some((kind) => event.data.definition.startsWith(`${kind}/`)))
        return versions(before)
      const after = withRecords(before, [record])
      // what was applied came out of a log, so it is JSON
      if (after !== before) turn.set(AGREED, after as never)
      return versions(after)
    },
    /** By now. */
    known: (turn: Pick<Keeping, 'get'>): Versions<D> => versions(known(turn)),
  }
}
