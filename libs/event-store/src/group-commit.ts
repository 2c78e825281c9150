import { FunnelError, type Envelope } from '@funnel/events'
import type { Append, Appended, EventStore } from './event-store.js'

/** Appends observations of many callers together. */
export interface GroupCommit {
  /**
   * Records the events with those of others in one transaction; resolves after its commit. Only for observations: no
   * expected versions. Throws OVERLOADED at once when too many wait (details.retryAfter in seconds), UNAVAILABLE when the
   * store is down: then nothing is known to be recorded, and a resend with the same ids is safe.
   */
  append(events: readonly Envelope[], supplied?: Append['supplied']): Promise<readonly Appended[]>
  /** Events that wait or are being written. */
  readonly pending: number
  /** Waits for what is under way. */
  close(): Promise<void>
}

interface Waiting {
  readonly append: Append
  readonly resolve: (appended: readonly Appended[]) => void
  readonly reject: (error: unknown) => void
  /** When it came. */
  readonly since: number
}

export interface GroupCommitOptions {
  /** Most events in one transaction: the fewer, the more commits and locks each costs; of 4,000 one takes a tenth of a second. */
  readonly groupSize?: number
  /** Transactions under way at once. All wait for the same locks, so more than these make the groups smaller and nothing quicker. */
  readonly writers?: number
  /** Events that may wait or be under way before callers are refused; their memory is bounded by who holds the bodies. */
  readonly limit?: number
  /** How long what waits outlasts a store that is down, in ms: a restart is over sooner. */
  readonly patience?: number
}

/** Of what waits half goes at once, if that is so many events or more: smaller groups cost more commits than they gain. */
const WORTH_HALVING = 128

/**
 * Groups by back-pressure: while all writers are busy, what arrives waits and becomes the next group, so a lone event
 * goes at once and a flood goes in full groups. Callers that were answered together come back together; their events go in
 * two halves, so that one is put together while the database records the other.
 */
export function groupCommit(
  store: EventStore,
  { groupSize = 4000, writers = 3, limit = 20_000, patience = 10_000 }: GroupCommitOptions = {},
): GroupCommit {
  const queue: Waiting[] = []
  let queued = 0
  const idle: (() => void)[] = []
  let pending = 0
  let busy = 0
  let scheduled = false

  const take = (): Waiting[] => {
    const group: Waiting[] = []
    const most = Math.min(groupSize, Math.max(WORTH_HALVING, Math.ceil(queued / 2)))
    for (let size = 0; queue[0] && (size === 0 || size + queue[0].append.events.length <= most);) {
      const next = queue.shift()!
      group.push(next)
      size += next.append.events.length
      queued -= next.append.events.length
    }
    return group
  }

  const settle = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const appended = await store.append(...group.map(({ append }) => append))
      let at = 0
      for (const { append, resolve } of group) resolve(appended.slice(at, (at += append.events.length)))
    } catch (error) {
      const alone = group.length === 1
      if (isDown(error)) giveUp(error)
      // one caller's event must not fail the others': whatever is not the store's own failure is halved until it is found
      if (alone || isDown(error)) for (const { reject } of group) reject(error)
      else {
        const half = group.length >> 1
        await settle(group.slice(0, half))
        await settle(group.slice(half))
      }
    }
  }

  /** Answers whoever has waited for long when the store is down: each group of theirs would wait for it once more. */
  const giveUp = (error: unknown): void => {
    const now = performance.now()
    while (queue[0] && now - queue[0].since > patience) {
      const { append, reject } = queue.shift()!
      queued -= append.events.length
      pending -= append.events.length
      reject(error)
    }
  }

  const write = async (): Promise<void> => {
    busy++
    for (let group = take(); group.length; group = take()) {
      await settle(group)
      for (const { append } of group) pending -= append.events.length
    }
    busy--
    if (!pending) for (const done of idle.splice(0)) done()
  }

  const schedule = (): void => {
    if (scheduled || busy >= writers) return
    scheduled = true
    // after everything that arrives in this turn of the loop; what the first group leaves waits one turn more
    setImmediate(() => {
      scheduled = false
      if (busy >= writers || !queue.length) return
      void write()
      if (queue.length) schedule()
    })
  }

  return {
    get pending() {
      return pending
    },
    append: (events, supplied) => {
      if (pending > 0 && pending + events.length > limit)
        return Promise.reject(
          new FunnelError('OVERLOADED', `${pending} events wait to be written; try again in a second`, {
            retryAfter: 1,
          }),
        )
      return new Promise((resolve, reject) => {
        pending += events.length
        queued += events.length
        const append = { events, ...(supplied ? { supplied } : {}) }
        queue.push({ append, resolve, reject, since: performance.now() })
        schedule()
      })
    },
    close: () => (pending ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  }
}

const isDown = (error: unknown): boolean => error instanceof FunnelError && error.code === 'UNAVAILABLE'
