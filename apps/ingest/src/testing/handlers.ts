import { always, loadAllDefinitions } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import type { Decided, Decider, LeadCommand } from '@funnel/domain'
import { handlerOf, handlersBy, type Handlers } from '../commands/handlers.js'

/** Just enough of a lead to be refused: it has an owner whom nobody replaces, and takes any stage. */
const lead: Decider<LeadCommand, string | undefined> = {
  initialState: undefined,
  decide(command, owner): readonly Decided[] {
    if (command.type === 'lead.assign') {
      if (owner === command.owner) return []
      if (owner !== undefined) throw new FunnelError('REJECTED', `the lead has an owner, ${owner}`, { owner })
      return [{ type: 'lead.assigned', data: { lead: command.lead, owner: command.owner } }]
    }
    if (command.type === 'lead.advance')
      return [{ type: 'lead.advanced', data: { lead: command.lead, stage: command.stage } }]
    if (command.type === 'lead.disqualify') {
      const { type: _, ...data } = command
      return [{ type: 'lead.disqualified', data: { stage: 'lost', ...data } }]
    }
    if (command.type === 'handoff.offer') {
      const { type: _, deadline, ...data } = command
      return [{ type: 'handoff.offered', data: { ...data, deadline: new Date(deadline).toISOString() } }]
    }
    throw new TypeError('a bug in a decider')
  },
  evolve: (owner, { type, data }) => (type === 'lead.assigned' ? data.owner : owner),
}

/** Deciders for specs of the doors: those of the domain, but for the lead's. */
export const testHandlers = (): Handlers => ({
  ...handlersBy(always(loadAllDefinitions())),
  lead: handlerOf(lead, (command) => [`lead-${command.lead}`]),
})
