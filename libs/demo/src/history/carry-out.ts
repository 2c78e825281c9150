import type { AllDefinitions } from '@funnel/definitions'
import {
  dealDecider,
  dealStreams,
  leadDecider,
  leadRules,
  leadStreams,
  queueDecider,
  queueStreams,
} from '@funnel/domain'
import { FunnelError, type Instant } from '@funnel/events'
import { handle, type EventStore, type Handled } from '@funnel/event-store'
import type { Outcome } from '@funnel/reactor'
import type { Asked, DemoCommand } from '../company/act.js'

/** Who asks: the source of all that the demo sends. */
export const SOURCE = 'demo'

/**
 * Carries out what people of the company ask for, by the deciders, on a store at hand. Repeated under its key it does
 * nothing. Throws UNAVAILABLE, and VERSION_CONFLICT where others were faster time and again.
 */
export function deskOn(
  store: EventStore,
  definitions: Pick<AllDefinitions, 'funnel' | 'reasons'>,
  clock: () => Instant = Date.now,
): (asked: Asked) => Promise<Outcome> {
  const leads = leadDecider(leadRules(definitions))
  const deals = dealDecider(definitions)
  const handled = ({ key, actor, command }: Asked): Promise<Handled> => {
    const about = { source: SOURCE, key, actor, now: clock() }
    if (isOf('deal', command))
      return handle(store, { decider: deals, command, streams: dealStreams(command), ...about })
    if (isOf('queue', command))
      return handle(store, { decider: queueDecider, command, streams: queueStreams(command), ...about })
    return handle(store, { decider: leads, command, streams: leadStreams(command), ...about })
  }
  return async (asked) => {
    try {
      return (await handled(asked)).events.length ? 'done' : 'nothing'
    } catch (error) {
      if (error instanceof FunnelError && refusals.has(error.code)) return 'refused'
      throw error
    }
  }
}

const refusals: ReadonlySet<string> = new Set(['REJECTED', 'INVALID', 'NOT_FOUND'])

const isOf = <Subject extends 'deal' | 'queue'>(
  subject: Subject,
  command: DemoCommand,
): command is Extract<DemoCommand, { readonly type: `${Subject}.${string}` }> => command.type.startsWith(`${subject}.`)
