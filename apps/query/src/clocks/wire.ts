import { Clock, ClockState } from '@funnel/query-api'
import type { ClockRow } from './plan.js'

const states = {
  running: ClockState.CLOCK_STATE_RUNNING,
  paused: ClockState.CLOCK_STATE_PAUSED,
  met: ClockState.CLOCK_STATE_MET,
  cancelled: ClockState.CLOCK_STATE_CANCELLED,
  breached: ClockState.CLOCK_STATE_BREACHED,
  ended: ClockState.CLOCK_STATE_ENDED,
} as const

export const toClock = (row: ClockRow): Clock => ({
  clock: row.clock,
  policy: row.policy,
  policyVersion: row.policyVersion,
  party: row.party,
  subject: row.subject,
  lead: row.lead ?? undefined,
  owner: row.owner ?? undefined,
  team: row.team ?? undefined,
  state: states[row.clockState],
  startedAt: new Date(row.startedAt),
  dueAt: row.dueAt === null ? undefined : new Date(row.dueAt),
  leftSeconds: row.left ?? undefined,
  missed: row.missed,
  endedAt: row.endedAt === null ? undefined : new Date(row.endedAt),
  parent: row.parent ?? undefined,
})
