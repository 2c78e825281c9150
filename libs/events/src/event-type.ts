import type { Static, TObject } from '@sinclair/typebox'
import type { Envelope } from './envelope.js'
import type { Category } from './topics.js'

/**
 * Observations are facts reported from outside: validated, appended, never checked against state, ordered by when they
 * happened. Decisions come only from a decider with an expected version and are ordered by version.
 */
export type Kind = 'observation' | 'decision'

/** Turns `data` of one schema version into the next. Pure, total on valid data of its version. */
export type Upcaster = (data: Record<string, unknown>) => Record<string, unknown>

/** An event type as a value: name, current schema version, where it lives, and how older versions are read. */
export interface EventType<Name extends string = string, Schema extends TObject = TObject> {
  readonly name: Name
  /** One sentence for the published language. */
  readonly title: string
  readonly kind: Kind
  readonly category: Category
  /** The version `schema` describes; earlier versions are read through `upcasters`. */
  readonly version: number
  readonly schema: Schema
  /** Schemas of versions 1 … version − 1, still accepted from producers. */
  readonly earlier: readonly TObject[]
  /** `upcasters[i]` turns version i + 1 into version i + 2; so there are `version − 1` of them. */
  readonly upcasters: readonly Upcaster[]
  /** The field of `data` that names the subject: partition key and stream. */
  readonly key: string
  /** Order among observations of one subject that happened at the same instant; lower comes first. */
  readonly rank: number
}

export type DataOf<T extends EventType> = Static<T['schema']>
export type EventOf<T extends EventType> = T extends EventType<infer Name> ? Envelope<Name, DataOf<T>> : never

/** Declares an event type; fills in what a first version does not need. Throws where versions and upcasters disagree. */
export function eventType<const Name extends string, Schema extends TObject>(
  type: Omit<EventType<Name, Schema>, 'earlier' | 'upcasters' | 'version'> &
    Partial<Pick<EventType, 'earlier' | 'upcasters' | 'version'>>,
): EventType<Name, Schema> {
  const full = { version: 1, earlier: [], upcasters: [], ...type }
  if (full.earlier.length !== full.version - 1 || full.upcasters.length !== full.version - 1)
    throw new Error(`${full.name}: version ${full.version} needs ${full.version - 1} earlier schemas and upcasters`)
  if (!(full.key in full.schema.properties))
    throw new Error(`${full.name}: key ${full.key} is not a field of its schema`)
  return full
}

/** `<type>:<version>`, the envelope's `dataschema`. */
export const dataschemaOf = (type: EventType, version = type.version): string => `${type.name}:${version}`
