import { addressOf, FunnelError } from '@funnel/events'
import { dataOf } from '../command-data.js'
import type { Decided, Decider } from '../decider.js'
import { decideBy } from '../decisions.js'
import type { Member, QueueCommand } from './commands.js'
import type { Level } from './level.js'
import { memberWith } from './open-leads.js'
import { emptyQueue, evolveQueue, isFull, lowest, type Place, type QueueState } from './state.js'

/**
 * Weighted fair round robin: the lead goes to the member on the lowest level, which is turns ÷ weight, of members on one
 * level to the first by name. A pure function of the log, in whole numbers.
 *
 * - A member is available who is staffed, not away, and has fewer open leads than the capacity.
 * - Whoever becomes available begins on the level of the queue: what was missed is not made up for, so nobody is flooded.
 * - A credited lead counts as none: the member is owed one, which lowers the level by a turn until it is given. What is owed
 *   is forgotten at the return from leave.
 * - A lead that is open in the queue stays with its member, also when that one leaves; release or credit it to assign it anew.
 * - Where nobody is available, `details.reason` says why: NOBODY_STAFFED, ALL_AWAY or ALL_FULL.
 *
 * How fair: let V be the queue's level, w a member's weight, t the turns. Available members have 0 ≤ t − w·V ≤ 1, since V
 * is the lowest level, the lowest takes the turn, and V never falls. So while the same n members, of weights adding up to
 * W, are available, each takes w·N/W of any N turns in succession, give or take at most 1 + (n − 2)·w/W. Leads that were
 * owed come on top of turns.
 */
export const queueDecider: Decider<QueueCommand, QueueState> = {
  initialState: emptyQueue,
  evolve: evolveQueue,
  decide: decideBy({
    'queue.staff': staff,
    'queue.assign': assign,
    'queue.credit': credit,
    'queue.release': release,
    'queue.leave': (command, state) =>
      placeOf(command, state).away ? [] : [{ type: 'queue.member-left', data: dataOf(command) }],
    'queue.return': (command, state) =>
      placeOf(command, state).away ? [{ type: 'queue.member-returned', data: dataOf(command) }] : [],
  }),
}

/** The streams that a decision about a queue rests on. */
export const queueStreams = ({ queue }: QueueCommand): readonly string[] => [addressOf('queue', queue).stream]

type OfType<Type extends QueueCommand['type']> = Extract<QueueCommand, { readonly type: Type }>

function staff({ queue, members }: OfType<'queue.staff'>, state: QueueState): Decided[] {
  if (new Set(members.map(({ member }) => member)).size < members.length)
    throw new FunnelError('INVALID', 'a member is named twice: give each one weight', { field: 'members' })
  for (const { weight, capacity = 1 } of members)
    if (!isWithin(weight, 1000) || !isWithin(capacity, 1_000_000))
      throw new FunnelError(
        'INVALID',
        'weights are whole numbers from 1 to 1,000, capacities from 1 to 1,000,000, or left out for any number',
        { field: 'members' },
      )
  const staffed = [...state.members.values()].filter((place) => place.staffed).length
  if (staffed === members.length && members.every((member) => isStaffedAs(member, state))) return []
  return [{ type: 'queue.staffed', data: { queue, members: members.map((member) => ({ ...member })) } }]
}

const isWithin = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most

function isStaffedAs({ member, weight, capacity }: Member, { members }: QueueState): boolean {
  const place = members.get(member)
  return place?.staffed === true && place.weight === weight && place.capacity === capacity
}

function assign(command: OfType<'queue.assign'>, state: QueueState): Decided[] {
  if (memberWith(state.leads, command.lead) !== undefined) return []
  const [member] = lowest(state.members, reckoned) ?? []
  if (member === undefined) throw nobody(command.queue, state)
  return [{ type: 'queue.assigned', data: { ...dataOf(command), member } }]
}

/** What is owed counts as turns not taken. */
const reckoned = ({ turns, owed, weight }: Place): Level => ({ turns: turns - owed, weight })

function credit(command: OfType<'queue.credit'>, { leads }: QueueState): Decided[] {
  const { queue, lead } = command
  const member = memberWith(leads, lead)
  if (member === undefined)
    throw new FunnelError(
      'NOT_FOUND',
      `lead ${lead} is not open in queue ${queue}: only what was assigned and not released is credited`,
      { queue, lead },
    )
  return [{ type: 'queue.credited', data: { ...dataOf(command), member } }]
}

function release(command: OfType<'queue.release'>, { leads }: QueueState): Decided[] {
  const member = memberWith(leads, command.lead)
  return member === undefined ? [] : [{ type: 'queue.released', data: { ...dataOf(command), member } }]
}

function nobody(queue: string, { members }: QueueState): FunnelError {
  const staffed = [...members.values()].filter((place) => place.staffed)
  const refused = (reason: string, message: string) => new FunnelError('REJECTED', message, { queue, reason })
  if (!staffed.length) return refused('NOBODY_STAFFED', `nobody takes leads from queue ${queue}: staff it`)
  return staffed.some((place) => !place.away && isFull(place))
    ? refused('ALL_FULL', `everybody present in queue ${queue} has as many open leads as they take: release some`)
    : refused('ALL_AWAY', `everybody in queue ${queue} is away: have one return, or staff another`)
}

function placeOf({ queue, member }: OfType<'queue.leave' | 'queue.return'>, { members }: QueueState): Place {
  const place = members.get(member)
  if (!place?.staffed)
    throw new FunnelError('NOT_FOUND', `the member does not take leads from queue ${queue}: staff it first`, { queue })
  return place
}
