import { addressOf } from '@funnel/events'
import type { Decided, Decider, Happened } from '../decider.js'

/** What can be said of the clocks of a subject. */
export type Said = Extract<Decided, { readonly type: `sla.${string}` }>

/** To say something of a clock. What is to be said follows from the log, so there is nothing to refuse. */
export interface SlaCommand {
  readonly type: 'sla.say'
  readonly said: Said
}

/** What was said of a clock. */
export interface ClockState {
  /** The verdict that stands. */
  readonly outcome: Extract<Said, { readonly type: 'sla.corrected' }>['data']['outcome']
  /** The levels of which it was warned, and those that were escalated to. */
  readonly warned: ReadonlySet<number>
  readonly escalated: ReadonlySet<number>
}

/** The clocks of a subject, by id. */
export type ClocksState = ReadonlyMap<string, ClockState>

/**
 * What was said of the clocks of a subject: each thing once, whoever says it. A verdict stands until it is corrected; what
 * was breached may end.
 */
export const slaDecider: Decider<SlaCommand, ClocksState> = {
  initialState: new Map(),
  decide: ({ said }, clocks) => (isSaid(said, clocks.get(said.data.clock)) ? [] : [said]),
  evolve,
}

/** The stream that is written to. */
export const slaStreams = ({ said }: SlaCommand): readonly string[] => [addressOf('sla', said.data.subject).stream]

function isSaid({ type, data }: Said, clock: ClockState | undefined): boolean {
  if (!clock) return false
  if (type === 'sla.started') return true
  if (type === 'sla.warned') return clock.warned.has(data.level)
  if (type === 'sla.escalated') return clock.escalated.has(data.level)
  if (type === 'sla.ended') return clock.outcome === 'ended'
  if (type === 'sla.met' || type === 'sla.cancelled' || type === 'sla.breached') return clock.outcome !== 'open'
  return false
}

const UNSAID: ClockState = { outcome: 'open', warned: new Set(), escalated: new Set() }

function evolve(clocks: ClocksState, event: Happened): ClocksState {
  if (!isOfClock(event)) return clocks
  const known = clocks.get(event.data.clock) ?? UNSAID
  return new Map(clocks).set(event.data.clock, clockAfter(known, event))
}

function clockAfter(clock: ClockState, { type, data }: Said): ClockState {
  if (type === 'sla.warned') return { ...clock, warned: new Set([...clock.warned, data.level]) }
  if (type === 'sla.escalated') return { ...clock, escalated: new Set([...clock.escalated, data.level]) }
  if (type === 'sla.corrected') return { ...clock, outcome: data.outcome }
  const outcome = OUTCOMES[type]
  return outcome === undefined ? clock : { ...clock, outcome }
}

const OUTCOMES: { readonly [type in string]?: ClockState['outcome'] } = {
  'sla.met': 'met',
  'sla.cancelled': 'cancelled',
  'sla.breached': 'breached',
  'sla.ended': 'ended',
}

const isOfClock = (event: Happened): event is Happened & Said => event.type.startsWith('sla.')
