import type { Funnel, Stage, Versions } from '@funnel/definitions'
import { leadStory } from '../fold/lead/story.js'
import { compared, type Claim, type Comparison } from './claim.js'
import type { Agreed, KnownLead, Told } from './known.js'

/** A claim that the lead is in a stage. */
export interface StageMove {
  readonly stage: string
  readonly fact: Told
}

/** Everything that says the lead is in a stage, in fact order; conversions that were reversed left out. */
export function stageMoves(facts: readonly Told[], versions: Versions): readonly StageMove[] {
  const { stages } = leadStory(facts, versions)
  return facts.flatMap((fact, i) => {
    const stage = fact.data['stage'] as string | undefined
    // what the story does not follow was taken back
    return stage !== undefined && stages[i] === stage ? [{ stage, fact }] : []
  })
}

export const stageOf = ({ stages }: Funnel, id: string | undefined): Stage | undefined =>
  stages.find((stage) => stage.id === id)

/**
 * In which stage is it? What each source said last, where nothing explains why another says something else: a later claim
 * that lies ahead, or that the lead was sent back for a reason, does.
 */
export function stage({ id, facts }: KnownLead, { definitions: { funnel }, versions }: Agreed): Comparison[] {
  const moves = stageMoves(facts, versions)
  const place = (stage: string) => funnel.stages.findIndex((one) => one.id === stage)
  const explains = (later: StageMove, earlier: StageMove) =>
    later.fact.type === 'lead.recycled' ||
    stageOf(funnel, later.stage)?.type === 'recycled' ||
    place(later.stage) > place(earlier.stage)
  const standing = moves.filter(
    (move, i) => !moves.slice(i + 1).some((later) => later.fact.source === move.fact.source || explains(later, move)),
  )
  return compared('stage', { kind: 'lead', id }, standing.map(toClaim(funnel)))
}

const toClaim =
  (funnel: Funnel) =>
  ({ stage, fact: { id, type, source } }: StageMove): Claim => {
    const known = stageOf(funnel, stage)
    const says = `${stage}${known ? '' : ', a stage that the funnel does not have'} (${type} of ${source})`
    return { party: known?.owner ?? 'reported', value: stage, says, events: [id] }
  }
