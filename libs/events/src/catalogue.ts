import type { Envelope, Recorded } from './envelope.js'
import { FunnelError } from './errors.js'
import type { EventOf, EventType } from './event-type.js'
import { dealAmountChanged, dealLost, dealOpened, dealReopened, dealStageEntered, dealWon } from './types/deals.js'
import { leadCaptured, leadStageEntered } from './types/leads.js'
import { touchpointRecorded, visitorIdentified } from './types/touchpoints.js'
import { upcastTo } from './upcast.js'

/** The published language: every event type there is. */
export const catalogue = [
  touchpointRecorded,
  visitorIdentified,
  leadCaptured,
  leadStageEntered,
  dealOpened,
  dealStageEntered,
  dealAmountChanged,
  dealWon,
  dealLost,
  dealReopened,
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

/** `upcast` of a record. */
export const upcastRecord = (record: Recorded): Recorded<FunnelEvent> => ({ ...record, event: upcast(record.event) })
