import type { Envelope, Recorded } from './envelope.js'
import { FunnelError } from './errors.js'
import type { EventOf, EventType } from './event-type.js'
import { accountRecorded } from './types/accounts.js'
import {
  dealAmountChanged,
  dealAssigned,
  dealCloseExpected,
  dealContactAdded,
  dealContactRemoved,
  dealLost,
  dealOpened,
  dealReopened,
  dealStageEntered,
  dealWon,
} from './types/deals.js'
import { definitionApplied } from './types/definitions.js'
import {
  handoffAccepted,
  handoffExpired,
  handoffFeedbackRaised,
  handoffOffered,
  handoffRejected,
  handoffWithdrawn,
} from './types/handoffs.js'
import {
  leadAdvanced,
  leadAssigned,
  leadConversionReversed,
  leadConverted,
  leadDisqualified,
  leadQualified,
  leadRecycled,
} from './types/lead-decisions.js'
import { leadCaptured, leadEngaged, leadEnriched, leadStageEntered } from './types/leads.js'
import {
  personAbsorbed,
  personAccountMatched,
  personConsentRecorded,
  personErased,
  personMerged,
  personReleased,
  personUnmerged,
} from './types/people.js'
import {
  queueAssigned,
  queueCredited,
  queueMemberLeft,
  queueMemberReturned,
  queueReleased,
  queueStaffed,
} from './types/queues.js'
import {
  insightShared,
  slaBreached,
  slaCancelled,
  slaChanged,
  slaCorrected,
  slaEnded,
  slaEscalated,
  slaMet,
  slaStarted,
  slaWarned,
} from './types/sla.js'
import { touchpointRecorded, visitorIdentified, visitorUnlinked } from './types/touchpoints.js'
import { upcastTo } from './upcast.js'

/** The published language: every event type there is. */
export const catalogue = [
  touchpointRecorded,
  visitorIdentified,
  visitorUnlinked,
  personConsentRecorded,
  personMerged,
  personAbsorbed,
  personUnmerged,
  personReleased,
  personAccountMatched,
  personErased,
  accountRecorded,
  leadCaptured,
  leadEnriched,
  leadEngaged,
  leadStageEntered,
  leadQualified,
  leadAdvanced,
  leadRecycled,
  leadDisqualified,
  leadConverted,
  leadConversionReversed,
  leadAssigned,
  handoffOffered,
  handoffAccepted,
  handoffRejected,
  handoffExpired,
  handoffWithdrawn,
  handoffFeedbackRaised,
  queueStaffed,
  queueAssigned,
  queueCredited,
  queueReleased,
  queueMemberLeft,
  queueMemberReturned,
  dealOpened,
  dealStageEntered,
  dealAmountChanged,
  dealWon,
  dealLost,
  dealReopened,
  dealAssigned,
  dealCloseExpected,
  dealContactAdded,
  dealContactRemoved,
  slaStarted,
  slaChanged,
  slaWarned,
  slaMet,
  slaCancelled,
  slaBreached,
  slaEnded,
  slaEscalated,
  slaCorrected,
  insightShared,
  definitionApplied,
] as const satisfies readonly EventType[]

/** Any event of the language, told apart by `type`; `data` is of the type's current version. */
export type FunnelEvent = EventOf<(typeof catalogue)[number]>

const byName: ReadonlyMap<string, EventType> = new Map(catalogue.map((type) => [type.name, type]))

/** The event type of this name, or undefined. */
export const typeOf = (name: string): EventType | undefined => byName.get(name)

/**
 * The event with `data` brought to its type's current version. Throws INVALID on an unknown type or version: a reader
 * stops rather than skips (deploy readers before writers).
 */
export function upcast(event: Envelope): FunnelEvent {
  const type = byName.get(event.type)
  if (!type)
    throw new FunnelError('INVALID', `unknown event type ${event.type}; deploy readers before writers`, {
      type: event.type,
    })
  return upcastTo(type, event) as FunnelEvent
}

/** `upcast` of a record: the record itself where its event is of the current version. */
export const upcastRecord = (record: Recorded): Recorded<FunnelEvent> => {
  const event = upcast(record.event)
  return event === record.event ? (record as Recorded<FunnelEvent>) : { ...record, event }
}
