import { FunnelError } from '@funnel/events'
import type { Append, Appended, EventStore } from './event-store.js'

interface Waiting {
  readonly appends: readonly Append[]
  /** The streams that it rests on, and the ids of its events: what no other of its group may name. */
  readonly claims: ReadonlySet<string>
  readonly resolve: (appended: readonly Appended[]) => void
  readonly reject: (error: unknown) => void
}

export interface GroupDecisionsOptions {
  /** Most decisions in one transaction. */
  readonly groupSize?: number
  /** Transactions under way at once. */
  readonly writers?: number
}

/**
 * The store for many who decide at once: decisions that rest on different streams share a transaction, and so its commit.
 * Groups by back-pressure, as `groupCommit` does; each decision is recorded or refused as it would be alone, and one that
 * is refused holds back none of the others. What expects no versions goes by itself.
 */
export function groupDecisions(
  store: EventStore,
  { groupSize = 250, writers = 2 }: GroupDecisionsOptions = {},
): EventStore {
  let waiting: Waiting[] = []
  let busy = 0
  let scheduled = false

  /** The first of those that wait, in order, without any that names what one before it names. */
  const take = (): Waiting[] => {
    const group: Waiting[] = []
    const rest: Waiting[] = []
    const claimed = new Set<string>()
    for (const one of waiting)
      if (group.length < groupSize && claimed.isDisjointFrom(one.claims)) {
        for (const claim of one.claims) claimed.add(claim)
        group.push(one)
      } else rest.push(one)
    waiting = rest
    return group
  }

  const settle = async (group: readonly Waiting[]): Promise<void> => {
    if (!group.length) return
    try {
      const appended = await store.append(...group.flatMap(({ appends }) => appends))
      let at = 0
      for (const { appends, resolve } of group) resolve(appended.slice(at, (at += sizeOf(appends))))
    } catch (error) {
      const refused = refusedIn(group, error)
      for (const { reject } of refused) reject(error)
      const rest = group.filter((one) => !refused.includes(one))
      const half = refused.length ? rest.length : rest.length >> 1
      await settle(rest.slice(0, half))
      await settle(rest.slice(half))
    }
  }

  const write = async (): Promise<void> => {
    busy++
    for (let group = take(); group.length; group = take()) await settle(group)
    busy--
  }

  const schedule = (): void => {
    if (scheduled || busy >= writers) return
    scheduled = true
    // everything that arrives in this turn of the loop goes together
    setImmediate(() => {
      scheduled = false
      if (busy < writers && waiting.length) void write()
    })
  }

  return {
    ...store,
    append: (...appends) => {
      const streams = appends.map(({ expected = {} }) => Object.keys(expected))
      if (streams.some((some) => !some.length)) return store.append(...appends)
      const claims = new Set([...streams.flat(), ...appends.flatMap(({ events }) => events.map(({ id }) => id))])
      return new Promise((resolve, reject) => {
        waiting.push({ appends, claims, resolve, reject })
        schedule()
      })
    },
  }
}

const sizeOf = (appends: readonly Append[]): number => appends.reduce((sum, { events }) => sum + events.length, 0)

/** Whom an error is about; nobody where it does not tell which of them. */
function refusedIn(group: readonly Waiting[], error: unknown): readonly Waiting[] {
  if (group.length === 1 || !(error instanceof FunnelError) || error.code === 'UNAVAILABLE') return group
  const { stream, id } = error.details
  const claim = error.code === 'VERSION_CONFLICT' ? stream : error.code === 'CONFLICT' ? id : undefined
  return group.filter(({ claims }) => claims.has(claim as string))
}
