import { FunnelError } from '@funnel/events'

/** The bytes of bodies that may be held at once, so that a flood is answered and not swallowed. */
export interface Budget {
  /** Bytes held now. */
  readonly used: number
  /** A share for one request, released as a whole. */
  share(): Share
}

export interface Share {
  /** Holds further bytes. Throws OVERLOADED when they would exceed the budget; what is held stays held until release. */
  hold(bytes: number): void
  release(): void
}

export function createBudget(bytes: number): Budget {
  let used = 0
  return {
    get used() {
      return used
    },
    share() {
      let held = 0
      return {
        hold(more) {
          if (used + more > bytes)
            throw new FunnelError('OVERLOADED', 'too many requests are under way: try again in a second', {
              retryAfter: 1,
            })
          used += more
          held += more
        },
        release() {
          used -= held
          held = 0
        },
      }
    },
  }
}
