import { createHash } from 'node:crypto'
import { FunnelError } from '@funnel/events'
import type { KeyOwner } from '@funnel/event-store'

/** Tells whose write key a request carries. */
export interface WriteKeys {
  /** The owner of the key in an Authorization header. Throws UNAUTHENTICATED for none or a wrong one, UNAVAILABLE. */
  ownerOf(authorization: string | undefined): Promise<KeyOwner>
}

/** How long a looked-up key holds, in ms: the time until a revoked one stops, and a new one works after a failed try. */
const KNOWN = 10_000
const UNKNOWN = 1_000
const REMEMBERED = 10_000

interface Entry {
  readonly owner: Promise<KeyOwner | undefined>
  until: number
}

/**
 * Keys looked up by `lookup` and remembered for a moment, by their hash. Requests with one key share one look-up; what
 * could not be looked up is not remembered.
 */
export function cachedWriteKeys(
  lookup: (key: string) => Promise<KeyOwner | undefined>,
  now: () => number = () => performance.now(), // a clock that is set back must not keep a revoked key
): WriteKeys {
  const entries = new Map<string, Entry>()

  const find = (key: string): Promise<KeyOwner | undefined> => {
    const hash = createHash('sha256').update(key).digest('base64')
    const known = entries.get(hash)
    if (known && known.until > now()) return known.owner
    if (entries.size >= REMEMBERED) entries.clear()
    const entry: Entry = { owner: lookup(key), until: now() + KNOWN }
    entries.set(hash, entry)
    void settle(hash, entry)
    return entry.owner
  }

  const settle = async (hash: string, entry: Entry): Promise<void> => {
    try {
      if ((await entry.owner) === undefined) entry.until = now() + UNKNOWN
    } catch {
      entries.delete(hash)
    }
  }

  return {
    async ownerOf(authorization) {
      const key = /^Bearer +([\w.~+/=-]{1,200})$/i.exec(authorization?.trim() ?? '')?.[1]
      if (!key)
        throw new FunnelError('UNAUTHENTICATED', 'a write key is needed: send Authorization: Bearer <write key>')
      let owner: KeyOwner | undefined
      try {
        owner = await find(key)
      } catch (error) {
        throw new FunnelError('UNAVAILABLE', 'the event store did not answer; try again', { retryAfter: 1 }, error)
      }
      if (owner === undefined)
        throw new FunnelError('UNAUTHENTICATED', 'the write key is unknown or revoked: nothing was recorded')
      return owner
    },
  }
}
