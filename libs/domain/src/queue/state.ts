import type { Happened } from '../decider.js'
import type { Member } from './commands.js'
import { compareLevels, START, turnsAt, type Level } from './level.js'
import { memberWith, noOpenLeads, withLead, withoutLead, type OpenLeads } from './open-leads.js'

/** A member's place in a queue. */
export interface Place extends Level {
  /** Leads taken, and those that were not but count as if they had been: what is missed is not made up for. */
  readonly turns: number
  readonly weight: number
  readonly capacity: number | undefined
  readonly staffed: boolean
  readonly away: boolean
  /** Leads to get beyond the turns: one for each that was credited. */
  readonly owed: number
  /** Leads that are open with the member. */
  readonly open: number
}

/** A queue: counts, and the leads that are open. It does not grow with what was assigned and released. */
export interface QueueState {
  /** All who are or were staffed, by name. */
  readonly members: ReadonlyMap<string, Place>
  /** The lowest level among those who can take a lead, or could when somebody could. It never falls. */
  readonly level: Level
  readonly leads: OpenLeads
}

export const emptyQueue: QueueState = { members: new Map(), level: START, leads: noOpenLeads }

/** Whether a member can take a lead. */
export const isAvailable = (place: Place): boolean => place.staffed && !place.away && !isFull(place)

export const isFull = ({ capacity, open }: Place): boolean => capacity !== undefined && open >= capacity

/** Whose turn it is: the member on the lowest level, by this reckoning, of those who can take a lead; the first by name. */
export function lowest(
  members: QueueState['members'],
  levelOf: (place: Place) => Level,
): readonly [member: string, place: Place] | undefined {
  let found: readonly [string, Place] | undefined
  for (const [member, place] of members)
    if (isAvailable(place)) {
      const order = found ? compareLevels(levelOf(place), levelOf(found[1])) : -1
      if (order < 0 || (order === 0 && member < found![0])) found = [member, place]
    }
  return found
}

export function evolveQueue(state: QueueState, event: Happened): QueueState {
  const after = happened(state, event)
  const [, place] = lowest(after.members, (place) => place) ?? []
  if (!place || compareLevels(place, after.level) <= 0) return after
  return { ...after, level: { turns: place.turns, weight: place.weight } }
}

function happened(state: QueueState, { type, data }: Happened): QueueState {
  if (type === 'queue.staffed') return staffed(state, data.members)
  if (type === 'queue.assigned') return assigned(state, data)
  if (type === 'queue.credited') return closed(state, data.lead, 1)
  if (type === 'queue.released') return closed(state, data.lead, 0)
  if (type === 'queue.member-left') return changed(state, data.member, (place) => ({ ...place, away: true }))
  if (type === 'queue.member-returned')
    return changed(state, data.member, (place) => ({ ...place, away: false, owed: 0 }))
  return state
}

/** Who is new begins level with the others, and so does who has another weight, since turns are counted by weight. */
function staffed(state: QueueState, members: readonly Member[]): QueueState {
  const places = new Map([...state.members].map(([name, place]) => [name, { ...place, staffed: false }]))
  for (const { member, weight, capacity } of members) {
    const before = state.members.get(member) ?? absent
    const stays = before.staffed && before.weight === weight
    const after: Place = {
      weight,
      capacity,
      staffed: true,
      away: before.staffed && before.away,
      turns: stays ? before.turns : turnsAt(state.level, weight),
      owed: before.staffed ? before.owed : 0,
      open: before.open,
    }
    places.set(member, levelled(state.level, before, after))
  }
  return { ...state, members: places }
}

/** A turn, or a lead that was owed. */
function assigned(state: QueueState, { lead, member }: { readonly lead: string; readonly member: string }): QueueState {
  const { members, level, leads } = closed(state, lead, 0)
  const before = members.get(member) ?? absent
  const taken = before.owed > 0 ? { owed: before.owed - 1 } : { turns: before.turns + 1 }
  return {
    members: new Map(members).set(member, { ...before, ...taken, open: before.open + 1 }),
    level,
    leads: withLead(leads, lead, member),
  }
}

function closed(state: QueueState, lead: string, owed: number): QueueState {
  const member = memberWith(state.leads, lead)
  if (member === undefined) return state
  return changed({ ...state, leads: withoutLead(state.leads, lead) }, member, (place) => ({
    ...place,
    open: place.open - 1,
    owed: place.owed + owed,
  }))
}

function changed(state: QueueState, member: string, change: (place: Place) => Place): QueueState {
  const before = state.members.get(member)
  if (!before) return state
  return {
    ...state,
    members: new Map(state.members).set(member, levelled(state.level, before, change(before))),
  }
}

/** Who can take leads again, from leave or from having too many, is up to where the others are by now. */
const levelled = (level: Level, before: Place, after: Place): Place =>
  isAvailable(after) && !isAvailable(before)
    ? { ...after, turns: Math.max(after.turns, turnsAt(level, after.weight)) }
    : after

const absent: Place = { turns: 0, weight: 1, capacity: undefined, staffed: false, away: false, owed: 0, open: 0 }
