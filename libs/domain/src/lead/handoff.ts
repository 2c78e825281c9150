import { FunnelError, type Instant } from '@funnel/events'
import { dataOf } from '../command-data.js'
import type { Decided } from '../decider.js'
import { assertReason } from '../reasons.js'
import type { LeadCommand, OfType } from './commands.js'
import type { Handoff } from './handoff-state.js'
import { assertNothingOffered, assertWorkable, assign } from './moves.js'
import type { LeadRules } from './rules.js'
import { ahead } from './stages.js'
import { stageOf, type LeadState } from './state.js'

type HandoffCommand = Extract<LeadCommand, { readonly handoff: string }>

/** The last instant that ISO 8601 writes with four digits of a year. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** One offer at a time; ids are never used again. */
export function offer(command: OfType<'handoff.offer'>, state: LeadState, rules: LeadRules, at: Instant): Decided[] {
  const { lead, handoff, assignee, queue, deadline } = command
  if ((assignee === undefined) === (queue === undefined))
    throw new FunnelError('INVALID', 'a handoff is offered to an assignee or to a queue: name one of them', {
      field: 'assignee',
    })
  if (!Number.isSafeInteger(deadline) || deadline <= at || deadline > LAST)
    throw new FunnelError('INVALID', 'the deadline has to lie in the future: give a later one', { field: 'deadline' })
  if (state.handoffs.has(handoff))
    throw new FunnelError('REJECTED', `lead ${lead} had a handoff ${handoff} already: take a new id`, { lead, handoff })
  assertWorkable(lead, state, rules.stages)
  assertNothingOffered(lead, state)
  return [{ type: 'handoff.offered', data: { ...dataOf(command), deadline: new Date(deadline).toISOString() } }]
}

/** Whoever accepts gets the lead, also where it was offered to another: who may answer for whom is no matter of the lead. */
export function accept(command: OfType<'handoff.accept'>, state: LeadState, rules: LeadRules, at: Instant): Decided[] {
  const { lead, owner } = command
  assertAnswerable(command, state, at)
  assertWorkable(lead, state, rules.stages)
  const stage = ahead(rules.stages, rules.acceptedStage, stageOf(state))
  return [
    { type: 'handoff.accepted', data: { ...dataOf(command), ...(stage !== undefined && { stage }) } },
    ...assign({ type: 'lead.assign', lead, owner }, state),
  ]
}

/** The lead keeps the owner and the stage that it had. */
export function reject(
  command: OfType<'handoff.reject'>,
  state: LeadState,
  { reasons }: LeadRules,
  at: Instant,
): Decided[] {
  assertReason(reasons, 'rejected', command)
  assertAnswerable(command, state, at)
  return [{ type: 'handoff.rejected', data: dataOf(command) }]
}

export function withdraw(command: OfType<'handoff.withdraw'>, state: LeadState, at: Instant): Decided[] {
  assertAnswerable(command, state, at)
  return [{ type: 'handoff.withdrawn', data: dataOf(command) }]
}

/** Never before the deadline. The fallback owner gets the lead. */
export function expire(command: OfType<'handoff.expire'>, state: LeadState, at: Instant): Decided[] {
  const { lead, handoff } = command
  const { deadline, fallback } = unsettled(command, state)
  if (at < deadline)
    throw new FunnelError('REJECTED', `handoff ${handoff} of lead ${lead} is open until ${iso(deadline)}: wait`, {
      lead,
      handoff,
      reason: 'NOT_DUE',
      deadline: iso(deadline),
    })
  return [
    { type: 'handoff.expired', data: dataOf(command) },
    ...(fallback === undefined ? [] : assign({ type: 'lead.assign', lead, owner: fallback }, state)),
  ]
}

/** Once for each rejection, with its reason. */
export function raiseFeedback(command: OfType<'handoff.raise-feedback'>, state: LeadState): Decided[] {
  const { lead, handoff } = command
  const known = handoffOf(command, state)
  if (known.status !== 'rejected')
    throw new FunnelError(
      'REJECTED',
      `handoff ${handoff} of lead ${lead} was not rejected: there is nothing to learn from`,
      { lead, handoff },
    )
  return known.raised ? [] : [{ type: 'handoff.feedback-raised', data: { ...dataOf(command), reason: known.reason } }]
}

function handoffOf({ lead, handoff }: HandoffCommand, { handoffs }: LeadState): Handoff {
  const known = handoffs.get(handoff)
  if (!known) throw new FunnelError('NOT_FOUND', `lead ${lead} has no handoff ${handoff}`, { lead, handoff })
  return known
}

/** The handoff, of which nothing was recorded but the offer. Throws REJECTED with what became of it, and by whom. */
function unsettled(command: HandoffCommand, state: LeadState): Handoff {
  const { lead, handoff } = command
  const known = handoffOf(command, state)
  if (known.status === 'open') return known
  if (known.status === 'expired') throw expired(command, known)
  throw new FunnelError(
    'REJECTED',
    known.status === 'accepted'
      ? `handoff ${handoff} of lead ${lead} was accepted already, by the owner in the details`
      : `handoff ${handoff} of lead ${lead} was ${known.status} already: offer the lead again`,
    {
      lead,
      handoff,
      reason: `ALREADY_${known.status.toUpperCase()}`,
      ...(known.status === 'accepted' && { owner: known.owner }),
    },
  )
}

/** Throws REJECTED where the handoff cannot be answered any more: it is settled, or its deadline has come. */
function assertAnswerable(command: HandoffCommand, state: LeadState, at: Instant): void {
  const known = unsettled(command, state)
  if (at >= known.deadline) throw expired(command, known)
}

const expired = ({ lead, handoff }: HandoffCommand, { deadline }: Handoff) =>
  new FunnelError('REJECTED', `handoff ${handoff} of lead ${lead} expired at ${iso(deadline)}: offer the lead again`, {
    lead,
    handoff,
    reason: 'ALREADY_EXPIRED',
    deadline: iso(deadline),
  })

const iso = (instant: Instant): string => new Date(instant).toISOString()
