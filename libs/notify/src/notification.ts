import { derivedId, type FunnelEvent, type Instant } from '@funnel/events'
import { tellable, type Destination, type Tellable } from './destinations/destination.js'

/** What one destination is to be told: a fact of the log, by ids only. */
export interface Notification {
  /** The same for ever for this event and destination: receivers tell repeats by it. A UUID. */
  readonly id: string
  readonly event: string
  readonly destination: string
  readonly type: Tellable
  /** When it happened. */
  readonly occurred: Instant
  /** The data of the event. */
  readonly data: Readonly<Record<string, unknown>>
}

/** A notification on its way. */
export interface Outgoing extends Notification {
  /** Of several recipients, those that have it: they do not get it again. Ids. */
  readonly taken?: readonly string[]
}

/**
 * What an event is to be told, and to whom: every destination that wants such events of this party, team and policy, and
 * those that the event names itself. What is historical or was imported is told nobody.
 */
export function notificationsOf(event: FunnelEvent, destinations: readonly Destination[]): readonly Notification[] {
  if (!isTellable(event.type) || event.importid !== undefined) return []
  const data = event.data as Notification['data']
  if (data['historical']) return []
  const named = (data['notify'] ?? []) as readonly string[]
  const { type } = event
  return destinations
    .filter((destination) => wants(destination, type, data) || named.includes(destination.id))
    .map(({ id: destination }) => ({
      id: derivedId('notification', event.id, destination),
      event: event.id,
      destination,
      type,
      occurred: Date.parse(event.time),
      data,
    }))
}

const isTellable = (type: string): type is Tellable => (tellable as readonly string[]).includes(type)

/** A fact about no policy, as a feedback, is none of those that are asked for; feedback is for marketing. */
const wants = ({ events, party, team, policies }: Destination, type: Tellable, data: Notification['data']): boolean =>
  events.includes(type) &&
  (party === undefined || party === (type === 'handoff.feedback-raised' ? 'marketing' : data['party'])) &&
  (team === undefined || team === data['team']) &&
  (policies === undefined || policies.includes(String(data['policy'])))
