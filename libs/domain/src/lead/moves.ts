import { FunnelError } from '@funnel/events'
import { dataOf } from '../command-data.js'
import type { Decided } from '../decider.js'
import { assertReason } from '../reasons.js'
import type { OfType } from './commands.js'
import type { LeadRules } from './rules.js'
import { ahead, isBefore, isLost, stageNamed } from './stages.js'
import { stageOf, type LeadState } from './state.js'

export const advance = (command: OfType<'lead.advance'>, state: LeadState, rules: LeadRules): Decided[] =>
  staysPut(command, state, rules) ? [] : [{ type: 'lead.advanced', data: dataOf(command) }]

export const qualify = (command: OfType<'lead.qualify'>, state: LeadState, rules: LeadRules): Decided[] =>
  staysPut(command, state, rules) ? [] : [{ type: 'lead.qualified', data: dataOf(command) }]

/** Whether the lead is in the stage already. Throws where the stage is not ahead of it or is none to advance to. */
function staysPut(
  { lead, stage }: OfType<'lead.advance' | 'lead.qualify'>,
  state: LeadState,
  { stages }: LeadRules,
): boolean {
  const { id, type } = stageNamed(stages, stage)
  if (type === 'lost' || type === 'recycled')
    throw new FunnelError(
      'INVALID',
      `${id} is a stage of type ${type}: use lead.${type === 'lost' ? 'disqualify' : 'recycle'} with a reason`,
      { field: 'stage' },
    )
  assertWorkable(lead, state, stages)
  const here = stageOf(state)
  if (isBefore(stages, id, here))
    throw new FunnelError('REJECTED', `lead ${lead} is in ${here}, after ${id}: use lead.recycle with a reason`, {
      lead,
      stage: here,
    })
  return id === here
}

/** A lead that was lost already stays as it is. */
export function disqualify(command: OfType<'lead.disqualify'>, state: LeadState, rules: LeadRules): Decided[] {
  const { stages, reasons } = rules
  assertReason(reasons, 'disqualified', command)
  const stage = stages.find(({ type }) => type === 'lost')?.id
  if (stage === undefined)
    throw new FunnelError('INVALID', 'the funnel has no stage of type lost: add one to its stages')
  assertUnconverted(command.lead, state)
  if (isLost(stages, stageOf(state))) return []
  assertNothingOffered(command.lead, state)
  return [{ type: 'lead.disqualified', data: { ...dataOf(command), stage } }]
}

/** Back to an earlier stage, or to one of type recycled wherever it stands; a lost lead may come back to any. */
export function recycle(command: OfType<'lead.recycle'>, state: LeadState, rules: LeadRules): Decided[] {
  const { lead } = command
  const { stages, reasons } = rules
  assertReason(reasons, 'recycled', command)
  const { id, type } = stageNamed(stages, command.stage)
  if (type !== 'open' && type !== 'recycled')
    throw new FunnelError('INVALID', `${id} is a stage of type ${type}: recycle to one of type open or recycled`, {
      field: 'stage',
    })
  assertUnconverted(lead, state)
  const here = stageOf(state)
  if (id === here) return []
  if (type !== 'recycled' && !isLost(stages, here) && !isBefore(stages, id, here))
    throw new FunnelError('REJECTED', `lead ${lead} is not past ${id}: use lead.advance`, { lead, stage: here })
  assertNothingOffered(lead, state)
  return [{ type: 'lead.recycled', data: dataOf(command) }]
}

export function convert(command: OfType<'lead.convert'>, state: LeadState, rules: LeadRules): Decided[] {
  assertWorkable(command.lead, state, rules.stages)
  assertNothingOffered(command.lead, state)
  const stage = ahead(rules.stages, rules.convertedStage, stageOf(state))
  return [{ type: 'lead.converted', data: { ...dataOf(command), ...(stage !== undefined && { stage }) } }]
}

/** Stage and all are as if the lead had not been converted; what was decided meanwhile stays. */
export function reverseConversion(
  command: OfType<'lead.reverse-conversion'>,
  state: LeadState,
  { reasons }: LeadRules,
): Decided[] {
  assertReason(reasons, 'reversed', command)
  if (!state.conversion)
    throw new FunnelError('REJECTED', `lead ${command.lead} is not converted: there is nothing to reverse`, {
      lead: command.lead,
    })
  return [{ type: 'lead.conversion-reversed', data: dataOf(command) }]
}

/** Of whatever lead: an owner is no stage. */
export const assign = (command: OfType<'lead.assign'>, state: LeadState): Decided[] =>
  state.owner?.value === command.owner ? [] : [{ type: 'lead.assigned', data: dataOf(command) }]

/** Throws REJECTED where the lead is not worked on any more: it is converted, or lost. */
export function assertWorkable(lead: string, state: LeadState, stages: LeadRules['stages']): void {
  assertUnconverted(lead, state)
  const stage = stageOf(state)
  if (isLost(stages, stage))
    throw new FunnelError('REJECTED', `lead ${lead} is lost: use lead.recycle with a reason first`, { lead, stage })
}

function assertUnconverted(lead: string, { conversion }: LeadState): void {
  if (conversion)
    throw new FunnelError('REJECTED', `lead ${lead} is converted: use lead.reverse-conversion with a reason first`, {
      lead,
    })
}

/** Throws REJECTED while somebody is asked to take the lead: an offer is answered, not evaded. */
export function assertNothingOffered(lead: string, { handoffs }: LeadState): void {
  for (const [handoff, { status }] of handoffs)
    if (status === 'open')
      throw new FunnelError(
        'REJECTED',
        `handoff ${handoff} of lead ${lead} is open: answer or withdraw it, or have it expire, first`,
        { lead, handoff },
      )
}
