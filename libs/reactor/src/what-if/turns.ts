import type { AllDefinitions } from '@funnel/definitions'
import { memberWith, queueDecider, type Happened, type QueueCommand, type QueueState } from '@funnel/domain'
import type { FunnelEvent, Instant } from '@funnel/events'
import { isRefusal } from '../outcome.js'
import { withoutKey } from '../ties/keys.js'

type QueueEvent = Extract<FunnelEvent, { readonly type: `queue.${string}` }>

/** What gives back a member's room, or their turn, though no queue says so, as where a lead was in none when it happened. */
const ends: { readonly [Type in FunnelEvent['type']]?: 'release' | 'credit' } = {
  'lead.recycled': 'release',
  'lead.disqualified': 'release',
  'lead.converted': 'release',
  'handoff.expired': 'release',
  'handoff.rejected': 'credit',
  'handoff.withdrawn': 'credit',
}

/**
 * The queues of a log as they were, and as they would be if leads came to them in another way, by the queues' own decider.
 * Members take leave when they did, and leads leave a queue when they left theirs. `anew` names queues whose members, from
 * an instant on, are those of the definitions and not of the log.
 */
export class Turns {
  readonly #queues: AllDefinitions['queues']
  readonly #anew: ReadonlySet<string>
  readonly #from: Instant
  readonly #live = new Map<string, QueueState>()
  readonly #other = new Map<string, QueueState>()
  /** The queues in which a lead is open, the last first, as it was and as it would be. */
  readonly #liveOf = new Map<string, readonly string[]>()
  readonly #otherOf = new Map<string, readonly string[]>()

  constructor(queues: AllDefinitions['queues'], anew: ReadonlySet<string>, from: Instant) {
    this.#queues = queues
    this.#anew = anew
    this.#from = from
  }

  /** What happened in a queue, and so would have anyway: everything but to whom a lead was given. */
  happened(event: QueueEvent, at: Instant): void {
    evolve(this.#live, event, at)
    if (event.type === 'queue.assigned') return came(this.#liveOf, event.data)
    if (event.type === 'queue.released' || event.type === 'queue.credited') {
      const { lead, queue } = event.data
      const place = this.#liveOf.get(lead)?.indexOf(queue) ?? -1
      if (place < 0) return
      left(this.#liveOf, lead, queue)
      const others = this.#otherOf.get(lead) ?? []
      // where it is in no queue any more, it would be in none
      const leaves = this.#liveOf.has(lead) ? others.slice(place, place + 1) : others
      return this.#leave(lead, leaves, event.type === 'queue.released' ? 'release' : 'credit', at)
    }
    if (event.type === 'queue.staffed' && at >= this.#from && this.#anew.has(event.data.queue))
      return this.#staff(event.data.queue, at)
    evolve(this.#other, event, at)
  }

  /** Takes an assignment for what would have been, too. */
  keep(event: Extract<QueueEvent, { readonly type: 'queue.assigned' }>, at: Instant): void {
    evolve(this.#other, event, at)
    came(this.#otherOf, event.data)
  }

  /** Who has a lead from a queue, else to whom it would give it now; undefined where nobody could take it. */
  assign(queue: string, lead: string, at: Instant): string | undefined {
    if (this.#anew.has(queue) || !this.#live.has(queue)) this.#staff(queue, at)
    this.#align(queue, at)
    this.#decide({ type: 'queue.assign', queue, lead }, at)
    const member = memberWith((this.#other.get(queue) ?? queueDecider.initialState).leads, lead)
    if (member !== undefined) came(this.#otherOf, { lead, queue })
    return member
  }

  /** A lead came to an end, or an offer of it. */
  ended({ type, data }: FunnelEvent, at: Instant): void {
    const how = ends[type]
    const { lead } = data as { readonly lead: string }
    // where the lead is in a queue, that queue will tell
    if (how && !this.#liveOf.has(lead)) this.#leave(lead, this.#otherOf.get(lead) ?? [], how, at)
  }

  #leave(lead: string, queues: readonly string[], how: 'release' | 'credit', at: Instant): void {
    for (const queue of queues) {
      left(this.#otherOf, lead, queue)
      this.#decide(
        how === 'release' ? { type: 'queue.release', queue, lead } : { type: 'queue.credit', queue, lead, reason: how },
        at,
      )
    }
  }

  #staff(id: string, at: Instant): void {
    const queue = this.#queues.find((one) => one.id === id)
    if (queue) this.#decide({ type: 'queue.staff', queue: id, members: queue.members }, at)
  }

  /** Who did not take from a queue is away from it while they are away from one that they took from. */
  #align(queue: string, at: Instant): void {
    const took = (state: QueueState | undefined, member: string) => state?.members.get(member)?.staffed === true
    for (const [member, { staffed, away }] of this.#other.get(queue)?.members ?? []) {
      if (!staffed || took(this.#live.get(queue), member)) continue
      const isAway = [...this.#live.values()].some((state) => took(state, member) && state.members.get(member)!.away)
      if (isAway !== away) this.#decide({ type: isAway ? 'queue.leave' : 'queue.return', queue, member }, at)
    }
  }

  /** Has a queue decide; nothing happens where it would refuse. */
  #decide(command: QueueCommand, at: Instant): void {
    const state = this.#other.get(command.queue) ?? queueDecider.initialState
    try {
      for (const one of queueDecider.decide(command, state, at)) evolve(this.#other, one as QueueEvent, at)
    } catch (error) {
      if (!isRefusal(error)) throw error
    }
  }
}

/** A lead came to a queue. */
function came(of: Map<string, readonly string[]>, { lead, queue }: Readonly<Record<'lead' | 'queue', string>>): void {
  of.set(lead, [queue, ...withoutKey(of.get(lead) ?? [], queue)])
}

/** A lead left a queue. */
function left(of: Map<string, readonly string[]>, lead: string, queue: string): void {
  const queues = withoutKey(of.get(lead) ?? [], queue)
  if (queues.length) of.set(lead, queues)
  else of.delete(lead)
}

function evolve(queues: Map<string, QueueState>, event: Pick<QueueEvent, 'type' | 'data'>, at: Instant): void {
  const { queue } = event.data
  queues.set(queue, queueDecider.evolve(queues.get(queue) ?? queueDecider.initialState, { ...event, at } as Happened))
}
