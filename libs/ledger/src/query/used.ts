import { asksForTeams, type Definition, type Definitions, type Kpi, type VersionHistory } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { STAGE, type Question } from './question.js'

/** A version of the funnel, of a dimension or of a team by which something of an answer was counted. */
export interface UsedVersion {
  /** `<kind>/<id>`. */
  readonly definition: string
  readonly version: number
  /** From when on it is in force; absent: nothing was before it. */
  readonly from?: Instant
}

/**
 * The versions in force in the period of a question, up to its instant of knowing and the watermark, in the order of time:
 * of the funnel, where leads are counted, of the dimensions that are asked by or filtered, and of the teams where one of
 * these asks for them. Several of one say that the numbers before and after are counted by different rules.
 */
export function usedVersions(
  { from = Number.NEGATIVE_INFINITY, to, asOf, knownAt, by, filters }: Question,
  { grain }: Kpi,
  { periods }: VersionHistory,
  w: Instant | null,
): readonly UsedVersion[] {
  const ends = [
    to ?? Number.POSITIVE_INFINITY,
    (asOf ?? Number.POSITIVE_INFINITY) + 1,
    // what counts from later on counts nothing that was recorded by then
    (knownAt ?? Number.POSITIVE_INFINITY) + 1,
    (w ?? Number.NEGATIVE_INFINITY) + 1,
  ]
  const end = Math.min(...ends)
  const asked = periods.filter(
    ({ from: begin }, i) => begin < end && (periods[i + 1]?.from ?? Number.POSITIVE_INFINITY) > from,
  )
  const dimensions = new Set([...by, ...filters.map(({ dimension }) => dimension)].filter((id) => id !== STAGE))
  return [
    ...(grain === 'lead' ? versionsIn(asked, ({ funnel }) => [`funnel/${funnel.id}`, funnel]) : []),
    ...[...dimensions].flatMap((id) =>
      versionsIn(asked, (definitions) => [`dimension/${id}`, definitions.dimensions.find((one) => one.id === id)]),
    ),
    ...[...new Set(asked.flatMap(({ definitions }) => teamsAsked(definitions, dimensions)))].flatMap((id) =>
      versionsIn(asked, (definitions) => [`team/${id}`, definitions.teams.find((one) => one.id === id)]),
    ),
  ]
}

/** Ids of the teams, where one of these dimensions asks for them. */
const teamsAsked = ({ dimensions, teams }: Definitions, ids: ReadonlySet<string>): string[] =>
  dimensions.some((dimension) => ids.has(dimension.id) && asksForTeams(dimension)) ? teams.map(({ id }) => id) : []

function versionsIn(
  periods: VersionHistory['periods'],
  find: (definitions: Definitions) => readonly [name: string, definition: Definition | undefined],
): UsedVersion[] {
  const used: UsedVersion[] = []
  for (const { from, definitions } of periods) {
    const [definition, found] = find(definitions)
    if (!found || used.at(-1)?.version === found.version) continue
    used.push({ definition, version: found.version, ...(Number.isFinite(from) ? { from } : {}) })
  }
  return used
}
