import { definitionHash } from '@funnel/definitions'
import { definitionDecider } from '@funnel/domain'
import { handle, type EventStore } from '@funnel/event-store'
import { FunnelError, type Instant } from '@funnel/events'
import type { Step } from './steps.js'

/** A version that was applied, or would be. */
export interface Done {
  readonly definition: string
  readonly version: number
  readonly effective: Instant
}

/** The steps that there is something to do in. Throws REJECTED where one of them cannot be done: all or none is begun. */
export function pendingOf(steps: readonly Step[]): readonly Step[] {
  const refused = steps.flatMap(({ refused }) => refused ?? [])
  if (refused.length) throw new FunnelError('REJECTED', `nothing was applied:\n${refused.join('\n')}`, { refused })
  return steps.filter(({ state }) => state !== 'unchanged')
}

/**
 * Applies definitions one after the other, each in an append of its own, and tells of each. Broken off, it is done again
 * from the start: what was applied already is found to be, and the rest follows. Throws what the command handler throws.
 */
export async function putInForce(
  store: EventStore,
  steps: readonly Step[],
  at: Instant,
  onDone: (done: Done) => void,
): Promise<readonly Done[]> {
  const done: Done[] = []
  for (const { command } of steps) {
    const { definition, version } = command
    const { events, repeated } = await handle(store, {
      decider: definitionDecider,
      command,
      streams: [`definition-${definition}`],
      source: '/definitions',
      key: `${definition}@${version} ${definitionHash(command)}`,
      now: at,
    })
    if (repeated || !events.length) continue // somebody else was faster with the same
    const { effective } = events[0]!.event.data as { readonly effective: string }
    done.push({ definition, version, effective: Date.parse(effective) })
    onDone(done.at(-1)!)
  }
  return done
}
