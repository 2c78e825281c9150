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
  readonly reason?: string
  readonly policy?: string
  readonly party?: string
  readonly team?: string
  readonly properties?: Readonly<Record<string, Value>>
}

/** What comes from the parents: always as known now. */
export interface Parents {
  readonly touch?: Pick<FirstTouch, 'channel' | 'campaign'>
  /** Of a deal or a clock. */
  readonly passed?: Passed
}

/**
 * What a lead passes on to its deals and clocks: all that a dimension may be taken from, since each of their facts has its
 * version.
 */
export interface Passed {
  readonly about: About
  readonly touch: Pick<FirstTouch, 'channel' | 'campaign'>
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
  if (!moments.length) return []
  const latest = moments.at(-1)!
  const now = versions.at(judgedAt(facts.at(-1)!))
  let before: About | undefined
  let definitionsBefore: Definitions | undefined
  let dims: Dims = {}
  return moments.map((about, i) => {
    const definitions = versions.at(judgedAt(facts[i]!))
    if (about !== before || definitions !== definitionsBefore)
      dims = dimsOf(definitions, subject, about, parents, { about: latest, definitions: now })
    before = about
    definitionsBefore = definitions
    return dims
  })
}

/** The dimension values of a subject at a moment, by these definitions; `now` is at its last fact. */
export function dimsOf(
  definitions: Definitions,
  subject: Subject,
  about: About,
  parents: Parents = {},
  now: { readonly about: About; readonly definitions: Definitions } = { about, definitions },
): Dims {
  const dims: Record<string, string> = {}
  for (const reader of readersOf(definitions, subject)) {
    const value = reader.latest
      ? reader.read(now.about, parents, now.definitions)
      : reader.read(about, parents, definitions)
    if (value !== undefined && value !== null) dims[reader.id] = String(value)
  }
  return dims
}

/** Scalars are all that validation lets in. */
type Value = string | number | boolean | null | undefined

interface Reader {
  readonly id: string
  readonly latest: boolean
  /** `definitions` say who is in which team. */
  readonly read: (about: About, parents: Parents, definitions: Definitions) => Value
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
    readers = { touch: of('touch'), lead: of('lead'), deal: of('deal'), clock: of('clock') }
    compiled.set(definitions, readers)
  }
  return readers[subject]
}

/** `ofLead` is where leads have the dimension from. */
function readerOf({ from, attribute }: DimensionSource, ofLead: DimensionSource | undefined): Reader['read'] {
  if (from === 'lead') {
    const read = ofLead && readerOf(ofLead, undefined)
    return (_, { passed }, definitions) => passed && read?.(passed.about, passed, definitions)
  }
  if (attribute !== undefined)
    return ({ owner }, _, definitions) =>
      owner === undefined ? undefined : teamsOf(definitions).get(owner)?.[attribute]
  if (from === 'first-touch.channel') return (_, { touch }) => touch?.channel
  if (from === 'first-touch.campaign') return (_, { touch }) => touch?.campaign
  if (from.startsWith('properties.')) {
    const name = from.slice('properties.'.length)
    return ({ properties }) => (properties && Object.hasOwn(properties, name) ? properties[name] : undefined)
  }
  const field = from as Exclude<keyof About, 'properties'>
  return (about) => about[field]
}

interface Membership {
  readonly team: string
  readonly manager: string
}
const memberships = new WeakMap<Definitions, ReadonlyMap<string, Membership>>()

/** The team of everybody who is in one; of somebody who is in several it is the first by id. */
function teamsOf(definitions: Definitions): ReadonlyMap<string, Membership> {
  let teams = memberships.get(definitions)
  if (!teams) {
    // of several of one member the last one stays
    const all = definitions.teams.toSorted((a, b) => (a.id < b.id ? 1 : -1))
    teams = new Map(
      all.flatMap(({ id, manager, members }) => members.map((member) => [member, { team: id, manager }] as const)),
    )
    memberships.set(definitions, teams)
  }
  return teams
}
