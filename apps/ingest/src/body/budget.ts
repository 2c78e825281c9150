import { FunnelError } from '@funnel/events'

/** The bytes of bodies that may be held at once, so that a flood is answered and not swallowed. */
export interface Budget {
  /** Bytes held now. */
  readonly used: number
  /** A share for one request of a source, released as a whole. */
  share(source: string): Share
}

export interface Share {
  /**
   * Holds further bytes. Throws OVERLOADED when they would exceed the budget, or what its source may hold of it; what is held
   * stays held until release.
   */
  hold(bytes: number): void
  release(): void
}

/** A budget of so many bytes, of which one source may hold so many with all its requests: absent, all. */
export function createBudget(bytes: number, ofOne = bytes): Budget {
  let used = 0
  const usedBy = new Map<string, number>()
  return {
    get used() {
      return used
    },
    share(source) {
      let held = 0
      const add = (more: number): void => {
        held += more
        used += more
        const own = (usedBy.get(source) ?? 0) + more
        if (own) usedBy.set(source, own)
        else usedBy.delete(source)
      }
      return {
        hold(more) {
          if (used + more > bytes) throw overloaded('too many requests are under way')
          if ((usedBy.get(source) ?? 0) + more > ofOne)
            throw overloaded('too many requests of this source are under way')
          add(more)
        },
        release() {
          add(-held)
        },
      }
    },
  }
}

const overloaded = (what: string) => new FunnelError('OVERLOADED', `${what}: try again in a second`, { retryAfter: 1 })
