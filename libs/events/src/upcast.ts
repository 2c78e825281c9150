import { FunnelError } from './errors.js'
import type { Envelope } from './envelope.js'
import { dataschemaOf, type EventOf, type EventType } from './event-type.js'

/** The number in a `<type>:<version>`, or undefined when it names another type or no known version. */
export function versionOf(type: EventType, dataschema: string): number | undefined {
  if (!dataschema.startsWith(`${type.name}:`)) return undefined
  const text = dataschema.slice(type.name.length + 1)
  const version = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
  return version >= 1 && version <= type.version ? version : undefined
}

/** `data` of an older version as the type's current version has it. */
export const currentData = (type: EventType, version: number, data: Record<string, unknown>): Record<string, unknown> =>
  type.upcasters.slice(version - 1).reduce((value, up) => up(value), data)

/** The event with `data` of its type's current version. Throws INVALID on a version this build does not know. */
export function upcastTo<T extends EventType>(type: T, event: Envelope): EventOf<T> {
  if (event.dataschema === dataschemaOf(type)) return event as EventOf<T>
  const version = versionOf(type, event.dataschema)
  if (version === undefined)
    throw new FunnelError(
      'INVALID',
      `unknown schema ${event.dataschema}: ${type.name} is known up to version ${type.version}; deploy readers before writers`,
      { type: type.name, dataschema: event.dataschema },
    )
  const data = currentData(type, version, event.data as Record<string, unknown>)
  return { ...event, dataschema: dataschemaOf(type), data } as EventOf<T>
}
