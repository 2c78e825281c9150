import type { EventOf } from './event-type.js'
import type { Envelope, Recorded } from './envelope.js'
import { dataschemaOf, type EventType } from './event-type.js'
import { dealAmountChanged, dealLost, dealOpened, dealReopened, dealStageEntered, dealWon } from './types/deals.js'
import { leadCaptured, leadStageEntered } from './types/leads.js'
import { touchpointRecorded, visitorIdentified } from './types/touchpoints.js'

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
 * The event with `data` brought to its type's current version. Throws on an unknown type or version: a reader stops
 * rather than skips (deploy readers before writers).
 */
export function upcast(event: Envelope): FunnelEvent {
  const type = byName.get(event.type)
  if (!type) throw new Error(`unknown event type ${event.type}`)
  const version = Number(event.dataschema.slice(event.dataschema.lastIndexOf(':') + 1))
  if (version === type.version) return event as FunnelEvent
  if (!Number.isInteger(version) || version < 1 || version > type.version)
    throw new Error(`unknown schema ${event.dataschema}; ${type.name} is known up to version ${type.version}`)
  const data = type.upcasters.slice(version - 1).reduce((value, up) => up(value), event.data as Record<string, unknown>)
  return { ...event, dataschema: dataschemaOf(type), data } as FunnelEvent
}

/** `upcast` of a record. */
export const upcastRecord = (record: Recorded): Recorded<FunnelEvent> => ({ ...record, event: upcast(record.event) })
