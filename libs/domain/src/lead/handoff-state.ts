import type { Instant } from '@funnel/events'
import type { Happened } from '../decider.js'

interface Offer {
  /** From this instant on it can only expire. */
  readonly deadline: Instant
  readonly fallback: string | undefined
}

/** A handoff and what became of it. */
export type Handoff = Offer &
  (
    | { readonly status: 'open' | 'expired' | 'withdrawn' }
    | { readonly status: 'accepted'; readonly owner: string }
    | { readonly status: 'rejected'; readonly reason: string; readonly raised: boolean }
  )

/** The handoffs of a lead by id, the oldest first. */
export type Handoffs = ReadonlyMap<string, Handoff>

/** Takes in what happened to a handoff. What is settled stays so. */
export function handoffsAfter(handoffs: Handoffs, event: Happened): Handoffs {
  const { handoff: id } = event.data as { readonly handoff?: string }
  if (id === undefined) return handoffs
  const before = handoffs.get(id)
  const after = before ? settled(before, event) : offered(event)
  return after && after !== before ? new Map(handoffs).set(id, after) : handoffs
}

function offered({ type, data }: Happened): Handoff | undefined {
  return type === 'handoff.offered'
    ? { deadline: Date.parse(data.deadline), fallback: data.fallback, status: 'open' }
    : undefined
}

function settled(handoff: Handoff, { type, data }: Happened): Handoff {
  if (handoff.status === 'rejected' && type === 'handoff.feedback-raised') return { ...handoff, raised: true }
  if (handoff.status !== 'open') return handoff
  if (type === 'handoff.accepted') return { ...handoff, status: 'accepted', owner: data.owner }
  if (type === 'handoff.rejected') return { ...handoff, status: 'rejected', reason: data.reason, raised: false }
  if (type === 'handoff.expired') return { ...handoff, status: 'expired' }
  if (type === 'handoff.withdrawn') return { ...handoff, status: 'withdrawn' }
  return handoff
}
