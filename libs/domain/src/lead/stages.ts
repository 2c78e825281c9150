import type { Stage } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'

/** The stage with this id. Throws INVALID with all there are. */
export function stageNamed(stages: readonly Stage[], id: string): Stage {
  const stage = find(stages, id)
  if (!stage)
    throw new FunnelError(
      'INVALID',
      `the funnel has no such stage: name one of ${stages.map(({ id }) => id).join(', ')}`,
      { field: 'stage' },
    )
  return stage
}

/** Whether a stage of the funnel comes before another; one that the funnel does not have comes neither before nor after. */
export const isBefore = (stages: readonly Stage[], stage: string, other: string | undefined): boolean =>
  placeOf(stages, stage) < placeOf(stages, other)

/** `next`, where the funnel has it and it lies ahead of `here`. */
export const ahead = (
  stages: readonly Stage[],
  next: string | undefined,
  here: string | undefined,
): string | undefined =>
  next !== undefined && next !== here && find(stages, next) && !isBefore(stages, next, here) ? next : undefined

export const isLost = (stages: readonly Stage[], id: string | undefined): boolean => find(stages, id)?.type === 'lost'

const find = (stages: readonly Stage[], id: string | undefined): Stage | undefined =>
  stages.find((stage) => stage.id === id)

const placeOf = (stages: readonly Stage[], id: string | undefined): number =>
  stages.findIndex((stage) => stage.id === id)
