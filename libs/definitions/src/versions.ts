import type { Instant } from '@funnel/events'
import type { Definition, Definitions, Kpi } from './definitions.js'
import { inForce, type Applied, type AppliedHistory } from './in-force.js'
import type { Kind } from './kinds.js'

/** What the numbers depend on, through time. */
export interface Versions {
  /**
   * The definitions that count for what happened at an instant: min(occurred, recorded) of an event. All instants between
   * two changes give one and the same object, so that what is made of it can be kept beside it.
   */
  readonly at: (instant: Instant) => Definitions
}

/** All that a log says of them. */
export interface VersionHistory extends Versions {
  /** From when on which definitions count, in the order of time; the first ones from its beginning. */
  readonly periods: readonly { readonly from: Instant; readonly definitions: Definitions }[]
  /** Every version of every KPI, also of those that are still to come. */
  readonly kpis: readonly Kpi[]
}

/** The same definitions at every instant. */
export const always = (definitions: Definitions): VersionHistory => ({
  at: () => definitions,
  periods: [{ from: Number.NEGATIVE_INFINITY, definitions }],
  kpis: definitions.kpis,
})

/**
 * The definitions in force: of each one the version that the log says, see `inForce`; where it says none, that of `base`, or
 * none where that has none either. The funnel is the one that has the id of the base's.
 */
export function versionsOf(base: Definitions, history: AppliedHistory): VersionHistory {
  const funnel = `funnel/${base.funnel.id}`
  const applied = history.applied.filter(
    ({ definition }) => definition === funnel || /^(dimension|kpi)\//.test(definition),
  )
  if (!applied.length) return always(base)
  const changes = new Set(applied.flatMap(({ effective, recorded }) => [effective, recorded + 1]))
  const periods: { readonly from: Instant; readonly definitions: Definitions; readonly versions: string }[] = []
  for (const from of [Number.NEGATIVE_INFINITY, ...[...changes].toSorted((a, b) => a - b)]) {
    const { definitions, versions } = definitionsAt(base, { ...history, applied }, from)
    if (periods.at(-1)?.versions !== versions) periods.push({ from, definitions, versions })
  }
  return {
    at: (instant) => periods.findLast(({ from }) => from <= instant)!.definitions,
    periods,
    kpis: kpisOf(base, applied),
  }
}

/**
 * The base of read models that go on under other files: the files count for what was never applied. What was applied keeps
 * the base that it had, or none: from when on it is another one is for the log to say.
 */
export function rebased(base: Definitions, files: Definitions, applied: ReadonlySet<string>): Definitions {
  if (!applied.size) return files
  const choose = <T extends Definition>(kind: Kind, before: readonly T[], now: readonly T[]): T[] => [
    ...before.filter(({ id }) => applied.has(`${kind}/${id}`)),
    ...now.filter(({ id }) => !applied.has(`${kind}/${id}`)),
  ]
  return {
    funnel: applied.has(`funnel/${base.funnel.id}`) ? base.funnel : files.funnel,
    dimensions: choose('dimension', base.dimensions, files.dimensions).toSorted(byId),
    kpis: choose('kpi', base.kpis, files.kpis).toSorted(byId),
  }
}

/** A version that was applied is as it was applied, whatever the base says. */
const kpisOf = (base: Definitions, applied: readonly Applied[]): readonly Kpi[] => {
  const versions = applied.flatMap(({ definition, content }) => (definition.startsWith('kpi/') ? [content as Kpi] : []))
  return [...new Map([...base.kpis, ...versions].map((kpi) => [`${kpi.id}@${kpi.version}`, kpi])).values()]
}

const byId = (a: Definition, b: Definition): number => (a.id < b.id ? -1 : 1)

/** The definitions at an instant; equal `versions` say that they are the same. */
function definitionsAt(
  base: Definitions,
  history: AppliedHistory,
  instant: Instant,
): { readonly definitions: Definitions; readonly versions: string } {
  const versions: string[] = []
  const one = <T extends Definition>(name: string, fallback: T | undefined): T | undefined => {
    const applied = inForce(history, name, instant)
    versions.push(applied ? `${name}@${applied.version}` : name)
    return applied ? (applied.content as T) : fallback
  }
  const all = <T extends Definition>(kind: Kind, known: readonly T[]): T[] => {
    const prefix = `${kind}/`
    const others = history.applied.flatMap(({ definition }) =>
      definition.startsWith(prefix) ? definition.slice(prefix.length) : [],
    )
    return [...new Set([...known.map(({ id }) => id), ...others])].flatMap(
      (id) =>
        one(
          `${prefix}${id}`,
          known.find((definition) => definition.id === id),
        ) ?? [],
    )
  }
  const definitions = {
    funnel: one(`funnel/${base.funnel.id}`, base.funnel)!,
    dimensions: all('dimension', base.dimensions),
    kpis: all('kpi', base.kpis),
  }
  return { definitions, versions: versions.join() }
}
