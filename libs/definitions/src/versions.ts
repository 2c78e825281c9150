import type { Instant } from '@funnel/events'
import type { Definition, Definitions, Kpi } from './definitions.js'
import { inForce, type Applied, type AppliedHistory } from './in-force.js'
import type { AllDefinitions, Kind } from './kinds.js'

/** Definitions through time: by default what the numbers depend on. */
export interface Versions<D = Definitions> {
  /**
   * The definitions that count for what happened at an instant: min(occurred, recorded) of an event. All instants between
   * two changes give one and the same object, so that what is made of it can be kept beside it.
   */
  readonly at: (instant: Instant) => D
}

/** All that a log says of them. */
export interface VersionHistory<D = Definitions> extends Versions<D> {
  /** From when on which definitions count, in the order of time; the first ones from its beginning. */
  readonly periods: readonly { readonly from: Instant; readonly definitions: D }[]
  /** Every version of every KPI, also of those that are still to come. */
  readonly kpis: readonly Kpi[]
}

/** Some kinds of definitions: each in its field of all. */
export type SomeDefinitions = Partial<AllDefinitions>

/** The same definitions at every instant. */
export const always = <D extends SomeDefinitions>(definitions: D): VersionHistory<D> => ({
  at: () => definitions,
  periods: [{ from: Number.NEGATIVE_INFINITY, definitions }],
  kpis: definitions.kpis ?? [],
})

/**
 * The definitions in force, of the kinds that `base` has: of each one the version that the log says, see `inForce`; where it
 * says none, that of `base`, or none where that has none either. Of a kind that has one definition it is the one with the id
 * of the base's.
 */
export function versionsOf<D extends SomeDefinitions>(base: D, history: AppliedHistory): VersionHistory<D> {
  const applied = history.applied.filter(({ definition }) => concerns(base, definition))
  if (!applied.length) return always(base)
  const changes = new Set(applied.flatMap(({ effective, recorded }) => [effective, recorded + 1]))
  const periods: { readonly from: Instant; readonly definitions: D; readonly versions: string }[] = []
  for (const from of [Number.NEGATIVE_INFINITY, ...[...changes].toSorted((a, b) => a - b)]) {
    const { definitions, versions } = definitionsAt(base, { ...history, applied }, from)
    if (periods.at(-1)?.versions !== versions) periods.push({ from, definitions, versions })
  }
  return {
    at: (instant) => periods.findLast(({ from }) => from <= instant)!.definitions,
    periods,
    kpis: kpisOf(base.kpis ?? [], applied),
  }
}

/**
 * The base of read models that go on under other files: the files count for what was never applied. What was applied keeps
 * the base that it had, or none: from when on it is another one is for the log to say.
 */
export function rebased(base: Definitions, files: Definitions, applied: ReadonlySet<string>): Definitions {
  if (!applied.size) return files
  const choose = <T extends Definition>(kind: Kind, before: readonly T[], now: readonly T[]): T[] =>
    [
      ...before.filter(({ id }) => applied.has(`${kind}/${id}`)),
      ...now.filter(({ id }) => !applied.has(`${kind}/${id}`)),
    ].toSorted(byId)
  return {
    funnel: applied.has(`funnel/${base.funnel.id}`) ? base.funnel : files.funnel,
    dimensions: choose('dimension', base.dimensions, files.dimensions),
    kpis: choose('kpi', base.kpis, files.kpis),
    teams: choose('team', base.teams, files.teams),
  }
}

/** The kind of definitions in each field. */
const kindOf: { readonly [Field in keyof AllDefinitions]-?: Kind } = {
  funnel: 'funnel',
  dimensions: 'dimension',
  kpis: 'kpi',
  reasons: 'reasons',
  qualifications: 'qualification',
  teams: 'team',
  territories: 'territory',
  queues: 'queue',
  routings: 'routing',
  channels: 'channels',
  calendars: 'calendar',
  policies: 'sla',
}
const fieldsOf = (definitions: SomeDefinitions) =>
  Object.entries(definitions) as [keyof AllDefinitions, Definition | readonly Definition[]][]
const isList = (value: Definition | readonly Definition[]): value is readonly Definition[] => Array.isArray(value)

/** Whether a definition, `<kind>/<id>`, is one of these or may become one. */
const concerns = (base: SomeDefinitions, name: string): boolean =>
  fieldsOf(base).some(([field, value]) =>
    isList(value) ? name.startsWith(`${kindOf[field]}/`) : name === `${kindOf[field]}/${value.id}`,
  )

/** A version that was applied is as it was applied, whatever the base says. */
function kpisOf(base: readonly Kpi[], applied: readonly Applied[]): readonly Kpi[] {
  const versions = applied.flatMap(({ definition, content }) => (definition.startsWith('kpi/') ? [content as Kpi] : []))
  return [...new Map([...base, ...versions].map((kpi) => [`${kpi.id}@${kpi.version}`, kpi])).values()]
}

const byId = (a: Definition, b: Definition): number => (a.id < b.id ? -1 : 1)

/** The definitions at an instant; equal `versions` say that they are the same. */
function definitionsAt<D extends SomeDefinitions>(
  base: D,
  history: AppliedHistory,
  instant: Instant,
): { readonly definitions: D; readonly versions: string } {
  const versions: string[] = []
  const one = (name: string, fallback: Definition | undefined): Definition | undefined => {
    const applied = inForce(history, name, instant)
    versions.push(applied ? `${name}@${applied.version}` : name)
    return applied ? (applied.content as Definition) : fallback
  }
  const all = (kind: Kind, known: readonly Definition[]): Definition[] => {
    const prefix = `${kind}/`
    const others = history.applied.flatMap(({ definition }) =>
      definition.startsWith(prefix) ? definition.slice(prefix.length) : [],
    )
    return [...new Set([...known.map(({ id }) => id), ...others])]
      .flatMap(
        (id) =>
          one(
            `${prefix}${id}`,
            known.find((definition) => definition.id === id),
          ) ?? [],
      )
      .toSorted(byId)
  }
  const definitions = Object.fromEntries(
    fieldsOf(base).map(([field, value]) => {
      const kind = kindOf[field]
      return [field, isList(value) ? all(kind, value) : one(`${kind}/${value.id}`, value)]
    }),
  )
  // each field has definitions of its kind, as they were checked when they were applied
  return { definitions: definitions as SomeDefinitions as D, versions: versions.join() }
}
