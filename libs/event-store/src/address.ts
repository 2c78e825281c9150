import { addressOf, FunnelError, typeOf, type Address, type Envelope } from '@funnel/events'

/** Where an event goes, by its type's category and its partition key. Throws INVALID for a type the language lacks. */
export function addressOfEvent(event: Envelope): Address {
  const type = typeOf(event.type)
  if (!type) throw new FunnelError('INVALID', `there is no event type ${event.type}`, { type: event.type })
  return addressOf(type.category, event.partitionkey)
}
