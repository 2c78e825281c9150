import type { Definitions, DimensionSource, Subject, Versions } from '@funnel/definitions'
import type { Dims } from '../line.js'
import { judgedAt, type Fact } from './fact.js'
import type { FirstTouch } from './state.js'

/** What dimension values are taken from, as of some fact. */
export interface About {
  readonly channel?: string
  readonly campaign?: string
  readonly kind?: string
  readonly owner?: string
  readonly account?: string
  readonly properties?: Readonly<Record<string, Value>>
}

/** What comes from the parents: always as known now. */
export interface Parents {
  readonly touch?: Pick<FirstTouch, 'channel' | 'campaign'>
  /** Of a deal. */
  readonly passed?: Passed
}

/** What a lead passes on to its deals: all that a dimension may be taken from, since each of their facts has its version. */
export interface Passed {
  readonly about: About
  readonly touch: Pick<FirstTouch, 'channel' | 'campaign'>
}

/** What is known of a subject after each of its facts, the last being the latest; a value stands until another is told. */
export function knownAfter(facts: readonly Fact[]): readonly About[] {
  let about: About = {}
  return facts.map(({ data }) => {
    const { owner, account, properties } = data as About
    if (owner !== undefined || account !== undefined || properties !== undefined)
      about = {
        ...about,
        ...(owner === undefined ? {} : { owner }),
        ...(account === undefined ? {} : { account }),
        ...(properties === undefined ? {} : { properties: { ...about.properties, ...properties } }),
      }
    return about
  })
}

/**
 * The dimension values of a subject after each of its facts. Whether there is a dimension, and what it is taken from, is for
 * the version to say that is in force at the fact; the value is that at the fact, or the one known now, as this version
 * says. Facts that tell nothing new, with the same definitions, share one object.
 */
export function dimsAlong(
  versions: Versions,
  subject: Subject,
  facts: readonly Fact[],
  parents: Parents,
): readonly Dims[] {
  const moments = knownAfter(facts)
  const latest = moments.at(-1) ?? {}
  let before: About | undefined
  let definitionsBefore: Definitions | undefined
  let dims: Dims = {}
  return moments.map((about, i) => {
    const definitions = versions.at(judgedAt(facts[i]!))
    if (about !== before || definitions !== definitionsBefore)
      dims = dimsOf(definitions, subject, about, latest, parents)
    before = about
    definitionsBefore = definitions
    return dims
  })
}

/** The dimension values of a subject at a moment, by these definitions. */
export function dimsOf(
  definitions: Definitions,
  subject: Subject,
  atEvent: About,
  latest: About = atEvent,
  parents: Parents = {},
): Dims {
  const dims: Record<string, string> = {}
  for (const reader of readersOf(definitions, subject)) {
    const value = reader.read(reader.latest ? latest : atEvent, parents)
    if (value !== undefined && value !== null) dims[reader.id] = String(value)
  }
  return dims
}

/** Scalars are all that validation lets in. */
type Value = string | number | boolean | null | undefined

interface Reader {
  readonly id: string
  readonly latest: boolean
  readonly read: (about: About, parents: Parents) => Value
}

const compiled = new WeakMap<Definitions, { readonly [S in Subject]: readonly Reader[] }>()

/** The definitions' sources as functions, made once. */
function readersOf(definitions: Definitions, subject: Subject): readonly Reader[] {
  let readers = compiled.get(definitions)
  if (!readers) {
    const of = (subject: Subject): Reader[] =>
      definitions.dimensions.flatMap(({ id, sources }) => {
        const source = sources[subject]
        return source ? [{ id, latest: source.value === 'latest', read: readerOf(source, sources.lead) }] : []
      })
    readers = { touch: of('touch'), lead: of('lead'), deal: of('deal') }
    compiled.set(definitions, readers)
  }
  return readers[subject]
}

/** `ofLead` is where leads have the dimension from. */
function readerOf({ from }: DimensionSource, ofLead: DimensionSource | undefined): Reader['read'] {
  if (from === 'lead') {
    const read = ofLead && readerOf(ofLead, undefined)
    return (_, { passed }) => passed && read?.(passed.about, passed)
  }
  if (from === 'first-touch.channel') return (_, { touch }) => touch?.channel
  if (from === 'first-touch.campaign') return (_, { touch }) => touch?.campaign
  if (from.startsWith('properties.')) {
    const name = from.slice('properties.'.length)
    return ({ properties }) => (properties && Object.hasOwn(properties, name) ? properties[name] : undefined)
  }
  const field = from as 'channel' | 'campaign' | 'kind' | 'owner' | 'account'
  return (about) => about[field]
}
