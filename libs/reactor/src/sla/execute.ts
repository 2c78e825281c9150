import {
  byRules,
  leadDecider,
  leadRules,
  leadStreams,
  queueDecider,
  queueStreams,
  slaDecider,
  slaStreams,
  type LeadCommand,
  type QueueCommand,
} from '@funnel/domain'
import type { AllDefinitions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { handle, type CurrentDefinitions, type EventStore } from '@funnel/event-store'
import { outcomeOf, type Outcome } from '../outcome.js'
import type { Cause, Intent } from '../reactor.js'
import type { Consequence, Intended } from './intents.js'
import { SOURCE } from './telling.js'

/**
 * Carries out what the monitor asks for: says what is to be said, in the stream of its subject, and does what follows from
 * an escalation through the deciders of leads and queues, in the name of the breach. A refusal is an outcome, not an error.
 * Throws UNAVAILABLE, and VERSION_CONFLICT where others were faster time and again.
 */
export function slaExecutor(
  store: EventStore,
  definitions: CurrentDefinitions<Pick<AllDefinitions, 'funnel' | 'reasons'>>,
  clock: () => Instant = Date.now,
): (intent: Intent<Intended>) => Promise<Outcome> {
  const { refresh } = definitions
  const leads = byRules(definitions, (rules) => leadDecider(leadRules(rules)))
  const asking = (key: string, cause: Cause, at: Instant) => ({
    source: SOURCE,
    key,
    cause,
    // the clock of this machine may be behind that of the store, whose time it is that something was due
    now: Math.max(clock(), at),
  })
  const consequence = ({ command, of }: Consequence, { key, cause, at }: Intent<Intended>) => {
    const caused: Cause = { id: of, correlationid: cause.correlationid ?? cause.id, hops: (cause.hops ?? 0) + 1 }
    const asked = asking(key, caused, at)
    return isOfQueue(command)
      ? handle(store, { decider: queueDecider, command, streams: queueStreams(command), ...asked })
      : handle(store, { decider: leads, refresh, command, streams: leadStreams(command), ...asked })
  }
  return (intent) => {
    const { command, key, cause, at } = intent
    if (command.type === 'consequence') return outcomeOf(consequence(command, intent))
    return outcomeOf(
      handle(store, { decider: slaDecider, command, streams: slaStreams(command), ...asking(key, cause, at) }),
    )
  }
}

const isOfQueue = (command: LeadCommand | QueueCommand): command is QueueCommand => command.type.startsWith('queue.')
