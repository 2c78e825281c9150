import { millisOf, ruleFor } from '@funnel/definitions'
import { leadKey, withoutKey } from '../ties/keys.js'
import type { Of } from '../ties/ties.js'
import { factsOf, valueIn } from './judge.js'
import { leadOf, type Step } from './people.js'
import type { Rules } from './rules.js'

/** Offers a lead that a decision brought to a stage with a routing. */
export function route(
  { data: { lead, stage } }: Of<'lead.qualified' | 'lead.advanced'>,
  turn: Step,
  rules: Rules,
): void {
  const routing = rules.routings.find((one) => one.stage === stage)
  if (!routing) return
  const rule = ruleFor(routing, rules.territories, valueIn(factsOf(lead, leadOf(turn, lead), turn)))
  if (!rule) return
  const { queue, deadline, fallback } = rule
  turn.command(`route/${routing.id}`, {
    type: 'route',
    lead,
    queue,
    rule: routing.id,
    patience: millisOf(deadline),
    fallback,
  })
}

/** Tells marketing why sales did not want the lead, with where it came from. */
export function feedBack({ id, data: { lead, handoff } }: Of<'handoff.rejected'>, turn: Step): void {
  const value = valueIn(factsOf(lead, leadOf(turn, lead), turn))
  const channel = value('first-touch.channel')
  const campaign = value('first-touch.campaign')
  turn.command('feedback', {
    type: 'handoff.raise-feedback',
    lead,
    handoff,
    ...(typeof channel === 'string' && { channel }),
    ...(typeof campaign === 'string' && { campaign }),
    because: [id],
  })
}

/** The member to whom the lead was given last gets their turn back. */
export function credit(lead: string, reason: string, turn: Step): void {
  const { queue } = leadOf(turn, lead)
  if (queue !== undefined) turn.command('credit', { type: 'queue.credit', queue, lead, reason })
}

/** All who have the lead from queues have room for another. */
export function release(lead: string, turn: Step): void {
  for (const queue of queuesOf(lead, turn)) turn.command('release', { type: 'queue.release', queue, lead })
}

/** Somebody took the lead: who had it before has room for another. */
export function releaseEarlier(lead: string, turn: Step): void {
  for (const queue of leadOf(turn, lead).earlier ?? []) turn.command('release', { type: 'queue.release', queue, lead })
}

/** A member of a queue was given the lead; who had it has it on until that member takes it. */
export function cameToQueue(lead: string, queue: string, turn: Step): void {
  inQueues(lead, [queue, ...withoutKey(queuesOf(lead, turn), queue)], turn)
}

/** The lead is no longer open in a queue. */
export function leftQueue(lead: string, queue: string, turn: Step): void {
  inQueues(lead, withoutKey(queuesOf(lead, turn), queue), turn)
}

/** Where the lead is open, the last first. */
function queuesOf(lead: string, turn: Step): readonly string[] {
  const { queue, earlier = [] } = leadOf(turn, lead)
  return queue === undefined ? earlier : [queue, ...earlier]
}

function inQueues(lead: string, [queue, ...earlier]: readonly string[], turn: Step): void {
  const { queue: _, earlier: __, ...kept } = leadOf(turn, lead)
  turn.set(leadKey(lead), { ...kept, ...(queue !== undefined && { queue }), ...(earlier.length > 0 && { earlier }) })
}
