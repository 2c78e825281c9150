import { createHash } from 'node:crypto'
import { canonicalJson } from '@funnel/events'
import type { Definitions, Dimension } from './definitions.js'
import { nothingApplied, type AppliedHistory } from './in-force.js'

/** Names the definitions by their content: equal content, equal hash. */
export const definitionsHash = (definitions: Definitions): string => hash(definitions)

/**
 * What the fold depends on: a change of it needs a rebuild. Names and descriptions, rules of entry and of course KPIs may
 * change without one, and teams where no dimension asks for them, neither one of these nor any version that was applied.
 */
export const foldHash = (
  { funnel: { stages, conversions }, dimensions, teams }: Definitions,
  { applied }: Pick<AppliedHistory, 'applied'> = nothingApplied,
): string => {
  const versions = applied.flatMap(({ definition, content }) =>
    definition.startsWith('dimension/') ? [content as Dimension] : [],
  )
  const asked = [...dimensions, ...versions].some(asksForTeams)
  return hash({
    stages: stages.map(({ id }) => id),
    conversions,
    dimensions: dimensions.map(({ id, sources }) => ({ id, sources })),
    ...(asked && { teams: teams.map(({ id, manager, members }) => ({ id, manager, members })) }),
  })
}

/** Whether somebody's team has a part in the values of a dimension. */
export const asksForTeams = ({ sources }: Dimension): boolean =>
  Object.values(sources).some(({ attribute }) => attribute !== undefined)

/** Names one definition by its content, without its approvals: SHA-256 of the canonical JSON, in hex. */
export const definitionHash = (content: unknown): string => hash(content)

const hash = (content: unknown): string => createHash('sha256').update(canonicalJson(content)).digest('hex')
