import { addressOf, FunnelError, type Instant } from '@funnel/events'
import type { Decider, Happened } from '../decider.js'
import type { VisitorCommand } from './commands.js'

/** Whom a visitor is taken for. */
export interface VisitorState {
  /** The first identification to happen, of those that count. */
  readonly identified?: { readonly person: string; readonly at: Instant }
  /** When it was last unlinked: only what happened after that identifies it. */
  readonly unlinked?: Instant
}

/** What can be decided about a visitor: that it is not the person that it was identified as, by the id that was told then. */
export const visitorDecider: Decider<VisitorCommand, VisitorState> = {
  initialState: {},
  evolve,
  decide: ({ visitor, person, reason }, { identified }) => {
    if (identified?.person !== person)
      throw new FunnelError(
        'REJECTED',
        `visitor ${visitor} is not taken for ${person}${identified ? ` but for ${identified.person}` : ''}`,
        { visitor, ...(identified && { person: identified.person }) },
      )
    return [{ type: 'visitor.unlinked', data: { visitor, person, ...(reason === undefined ? {} : { reason }) } }]
  },
}

/** The streams that a decision about a visitor rests on. */
export const visitorStreams = ({ visitor }: VisitorCommand): readonly string[] => [addressOf('visitor', visitor).stream]

/**
 * An identification that comes late but happened earlier takes over; of two at one instant the one that came first counts.
 * An unlink takes all back that was recorded before it, or happened before it.
 */
function evolve(state: VisitorState, { type, data, at }: Happened): VisitorState {
  const { identified, unlinked } = state
  if (type === 'visitor.unlinked') return identified?.person === data.person ? { unlinked: at } : state
  if (type !== 'visitor.identified') return state
  if ((identified && identified.at <= at) || (unlinked !== undefined && at <= unlinked)) return state
  return { ...state, identified: { person: data.person, at } }
}
