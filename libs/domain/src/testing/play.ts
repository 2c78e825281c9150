import { catalogue, eventValidator, FunnelError, type Instant } from '@funnel/events'
import type { Decided, Decider, Happened } from '../decider.js'
import { NOON } from './given.js'

/** What comes to pass: a command is given, or a report comes in of what was so some time ago. */
export type Act<Command> = {
  /** Milliseconds since the act before, at least 1: decisions of a subject happen one after the other. */
  readonly later: number
} & ({ readonly command: Command } | { readonly report: Decided; readonly ago: number })

/** One act and what came of it. */
export interface Step<Command, State> {
  readonly command?: Command
  readonly at: Instant
  readonly before: State
  readonly after: State
  readonly events: readonly Happened[]
  readonly refused?: FunnelError
}

/**
 * Plays acts from noon on. Throws where a command is refused in another way than a decider may, and where a decided event is
 * none of the published language.
 */
export function play<Command, State>(
  { initialState, decide, evolve }: Decider<Command, State>,
  acts: readonly Act<Command>[],
): Step<Command, State>[] {
  let at = NOON
  let state = initialState
  return acts.map((act) => {
    at += act.later
    const before = state
    const happen = (events: readonly Happened[]) => {
      state = events.reduce(evolve, state)
      return { at, before, after: state, events }
    }
    if ('report' in act) return happen([{ ...act.report, at: at - act.ago }])
    const { command } = act
    try {
      return { command, ...happen(decide(command, before, at).map((event) => ({ ...published(event), at }))) }
    } catch (error) {
      if (!(error instanceof FunnelError) || !refusals.has(error.code)) throw error
      return { command, ...happen([]), refused: error }
    }
  })
}

const refusals: ReadonlySet<string> = new Set(['REJECTED', 'INVALID', 'NOT_FOUND'])

/** All types as if they could come from outside, so that the door's validation checks what was decided. */
const validate = eventValidator(catalogue.map((type) => ({ ...type, kind: 'observation' })))

function published(event: Decided): Decided {
  const verdict = validate(event, { source: '/spec', receivedAt: NOON })
  if (!verdict.ok) throw new Error(`${event.type} is decided with ${verdict.message}`)
  return event
}
