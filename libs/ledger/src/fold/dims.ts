import type { Definitions, DimensionSource, Subject } from '@funnel/definitions'
import type { Dims } from '../line.js'
import type { Fact } from './fact.js'
import type { FirstTouch } from './state.js'

/** What dimension values are taken from, as of some fact. */
export interface About {
  readonly channel?: string
  readonly campaign?: string
  readonly kind?: string
  readonly owner?: string
  readonly account?: string
  readonly reason?: string
  readonly properties?: Readonly<Record<string, Value>>
}

/** What comes from the parents: always as known now. */
export interface Inherited {
  readonly touch?: FirstTouch | undefined
  readonly inherited?: Dims
}

/**
 * What is known of a subject after each of its facts, the last being the latest; a value stands until another is told,
 * a reason for the fact that gives it alone.
 */
export function knownAfter(facts: readonly Fact[]): readonly About[] {
  let about: About = {}
  return facts.map(({ data }) => {
    const { owner, account, reason, properties } = data as About
    if (owner !== undefined || account !== undefined || properties !== undefined)
      about = {
        ...about,
        ...(owner === undefined ? {} : { owner }),
        ...(account === undefined ? {} : { account }),
        ...(properties === undefined ? {} : { properties: { ...about.properties, ...properties } }),
      }
    return reason === undefined ? about : { ...about, reason }
  })
}

/**
 * The dimension values as of each of the given moments: at the event, or as known now, as each definition says. Moments
 * at which nothing new was known share one object.
 */
export function dimsAlong(
  definitions: Definitions,
  subject: Subject,
  moments: readonly About[],
  parents: Inherited,
): readonly Dims[] {
  const readers = readersOf(definitions, subject)
  const latest = moments.at(-1) ?? {}
  let before: About | undefined
  let dims: Dims = {}
  return moments.map((about) => {
    if (about !== before) dims = dimsOf(readers, about, latest, parents)
    before = about
    return dims
  })
}

/** The dimension values as known now. */
export const dimsNow = (definitions: Definitions, subject: Subject, latest: About, parents: Inherited): Dims =>
  dimsOf(readersOf(definitions, subject), latest, latest, parents)

/** Scalars are all that validation lets in. */
type Value = string | number | boolean | null | undefined

interface Reader {
  readonly id: string
  readonly latest: boolean
  readonly read: (about: About, parents: Inherited) => Value
}

function dimsOf(readers: readonly Reader[], atEvent: About, latest: About, parents: Inherited): Dims {
  const dims: Record<string, string> = {}
  for (const reader of readers) {
    const value = reader.read(reader.latest ? latest : atEvent, parents)
    if (value !== undefined && value !== null) dims[reader.id] = String(value)
  }
  return dims
}

const compiled = new WeakMap<Definitions, { readonly [S in Subject]: readonly Reader[] }>()

/** The definitions' sources as functions, made once. */
function readersOf(definitions: Definitions, subject: Subject): readonly Reader[] {
  let readers = compiled.get(definitions)
  if (!readers) {
    const of = (subject: Subject): Reader[] =>
      definitions.dimensions.flatMap(({ id, sources: { [subject]: source } }) =>
        source ? [{ id, latest: source.value === 'latest', read: readerOf(source, id) }] : [],
      )
    readers = { touch: of('touch'), lead: of('lead'), deal: of('deal') }
    compiled.set(definitions, readers)
  }
  return readers[subject]
}

function readerOf({ from }: DimensionSource, id: string): Reader['read'] {
  if (from === 'lead') return (_, { inherited }) => inherited?.[id]
  if (from === 'first-touch.channel') return (_, { touch }) => touch?.channel
  if (from === 'first-touch.campaign') return (_, { touch }) => touch?.campaign
  if (from.startsWith('properties.')) {
    const name = from.slice('properties.'.length)
    return ({ properties }) => (properties && Object.hasOwn(properties, name) ? properties[name] : undefined)
  }
  const field = from as 'channel' | 'campaign' | 'kind' | 'owner' | 'account' | 'reason'
  return (about) => about[field]
}
