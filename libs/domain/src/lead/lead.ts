import { addressOf, FunnelError } from '@funnel/events'
import type { Decider } from '../decider.js'
import { decideBy } from '../decisions.js'
import type { LeadCommand } from './commands.js'
import { accept, expire, offer, raiseFeedback, reject, withdraw } from './handoff.js'
import { advance, assign, convert, disqualify, qualify, recycle, reverseConversion } from './moves.js'
import type { LeadRules } from './rules.js'
import { evolveLead, unknownLead, type LeadState } from './state.js'

/**
 * What can be decided about a lead and its handoffs.
 *
 * - A lead is known from the first report of it; nothing is decided about one that is not: NOT_FOUND.
 * - Decisions move it forward. Back it goes by `lead.recycle` with a reason, as often as need be. While it is lost, or
 *   converted until that is reversed, it does not move.
 * - It is offered to one at a time. Before the deadline an offer is accepted, rejected or withdrawn, once; from the deadline
 *   on it can only expire. `details.reason` of a refusal says what became of it (ALREADY_ACCEPTED with the `owner`,
 *   ALREADY_REJECTED, ALREADY_WITHDRAWN, ALREADY_EXPIRED) or that it is NOT_DUE. While it is open the lead is not
 *   recycled, disqualified or converted.
 * - What is so already is decided by no event: the stage it is in, the owner it has, lost twice, told twice.
 */
export function leadDecider(rules: LeadRules): Decider<LeadCommand, LeadState> {
  const decide = decideBy<LeadCommand, LeadState>({
    'lead.advance': (command, state) => advance(command, state, rules),
    'lead.qualify': (command, state) => qualify(command, state, rules),
    'lead.disqualify': (command, state) => disqualify(command, state, rules),
    'lead.recycle': (command, state) => recycle(command, state, rules),
    'lead.convert': (command, state) => convert(command, state, rules),
    'lead.reverse-conversion': (command, state) => reverseConversion(command, state, rules),
    'lead.assign': assign,
    'handoff.offer': (command, state, at) => offer(command, state, rules, at),
    'handoff.accept': (command, state, at) => accept(command, state, rules, at),
    'handoff.reject': (command, state, at) => reject(command, state, rules, at),
    'handoff.expire': expire,
    'handoff.withdraw': withdraw,
    'handoff.raise-feedback': raiseFeedback,
  })
  return {
    initialState: unknownLead,
    evolve: evolveLead,
    decide: (command, state, at) => {
      if (!state.known)
        throw new FunnelError('NOT_FOUND', `there is no lead ${command.lead}: send a lead.captured first`, {
          lead: command.lead,
        })
      return decide(command, state, at)
    },
  }
}

/** The streams that a decision about a lead rests on. */
export const leadStreams = ({ lead }: LeadCommand): readonly string[] => [addressOf('lead', lead).stream]
