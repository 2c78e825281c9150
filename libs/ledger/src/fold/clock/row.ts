import type { Instant } from '@funnel/events'
import type { ClockState } from '../state.js'
import { clockLead } from './node.js'
import { clockStory } from './story.js'

/** A row of the list of clocks. */
export interface ClockRow {
  /** See `clockKey`. */
  readonly key: string
  readonly clock: string
  readonly policy: string
  readonly policyVersion: number
  readonly party: string
  /** The lead, or of a promise about periods the policy. */
  readonly subject: string
  readonly lead?: string
  /** The clock of the same lead that it belongs to. */
  readonly parent?: string
  readonly owner?: string
  readonly team?: string
  /** `running` and `paused` are open, also when they are overdue; the others are over, `breached` of a period alone. */
  readonly state: 'running' | 'paused' | 'met' | 'cancelled' | 'breached' | 'ended'
  readonly started: Instant
  /** When it is due, or was; absent while it is paused in time. */
  readonly due?: Instant
  /** Seconds that count and are left, while it is paused in time. */
  readonly left?: number
  readonly missed: boolean
  /** When it was over. */
  readonly ended?: Instant
}

/** The clock as it is known now. */
export function clockRow(key: string, { facts }: ClockState): ClockRow {
  const { started, outcome, paused, due, left, missed, end } = clockStory(facts)!
  const last = facts.at(-1)!.data as unknown as ClockRow
  const { clock, policy, policyVersion, party, subject, owner, team, parent } = last
  const lead = clockLead(facts)
  const isWaiting = !end && !missed && paused
  const dueAt = isWaiting ? undefined : (missed?.due ?? due)
  return {
    key,
    clock,
    policy,
    policyVersion,
    party,
    subject,
    ...(lead === undefined ? {} : { lead }),
    ...(parent === undefined ? {} : { parent }),
    ...(owner === undefined ? {} : { owner }),
    ...(team === undefined ? {} : { team }),
    state: end && outcome !== 'open' ? outcome : paused ? 'paused' : 'running',
    started,
    ...(dueAt === undefined ? {} : { due: dueAt }),
    ...(isWaiting && left !== undefined ? { left } : {}),
    missed: missed !== undefined,
    ...(end ? { ended: end.at } : {}),
  }
}
