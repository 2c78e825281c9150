import type { AllDefinitions } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import { upcastRecord, type Instant, type Recorded } from '@funnel/events'
import { isVerdict } from '../sla/links.js'
import { slaMonitor } from '../sla/monitor.js'
import { player } from './player.js'

/** A promise that came due before it was kept. */
export interface Missed {
  readonly subject: string
  readonly clock: string
  readonly policy: string
  readonly policyVersion: number
  readonly lead?: string | undefined
  readonly owner?: string | undefined
  readonly due: Instant
}

/** How many clocks started and what was missed, of the policies in question. */
export interface Judgement {
  readonly started: number
  readonly missed: readonly Missed[]
}

/** The same log under what was agreed and under drafts, and what the monitor told when it happened. */
export interface WhatIf {
  readonly told: Judgement
  readonly agreed: Judgement
  readonly draft: Judgement
  /** Missed under the drafts alone, and under what was agreed alone. */
  readonly gained: readonly Missed[]
  readonly lost: readonly Missed[]
  /** Missed in one of what was told and what is agreed, but not in the other; nothing, where the monitor watched all the time. */
  readonly unlike: readonly Missed[]
}

/** A stretch of time, from one instant on and before another; absent: without an end. */
export interface Between {
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

export const isWithin = (instant: Instant, { from = -Infinity, to = Infinity }: Between): boolean =>
  instant >= from && instant < to

/** An SLA monitor that is replayed, and what it says. */
export function monitorOf(definitions: AllDefinitions) {
  const said: Said[] = []
  const monitor = player(slaMonitor(definitions), ({ command }) => {
    if (command.type === 'sla.say') said.push(command.said)
  })
  return { said, ...monitor }
}

/** What the monitor said when it happened. */
export const toldIn = (page: readonly Recorded[]): Said[] =>
  page.flatMap((record) => {
    const { event } = upcastRecord(record)
    return isVerdict(event) ? [event] : []
  })

/**
 * Compares what was told, what is said by what was agreed, and by drafts. Of clocks that came due, and started, within a
 * stretch of time.
 */
export function compared(
  said: { readonly told: readonly Said[]; readonly agreed: readonly Said[]; readonly draft: readonly Said[] },
  within: Between,
): WhatIf {
  const judgement = (sayings: readonly Said[]): Judgement => ({
    started: sayings.filter(({ type, data }) => type === 'sla.started' && isWithin(Date.parse(data.started), within))
      .length,
    missed: missedIn(sayings).filter(({ due }) => isWithin(due, within)),
  })
  const [told, agreed, draft] = [judgement(said.told), judgement(said.agreed), judgement(said.draft)]
  return {
    told,
    agreed,
    draft,
    gained: without(draft.missed, agreed.missed),
    lost: without(agreed.missed, draft.missed),
    unlike: [...without(told.missed, agreed.missed), ...without(agreed.missed, told.missed)],
  }
}

/** What is missed once all is said: a correction may take it back, or tell of it first. */
function missedIn(said: readonly Said[]): Missed[] {
  const missed = new Map<string, Missed>()
  const due = new Map<string, string>()
  for (const { type, data } of said) {
    const key = keyOf(data)
    if ('due' in data && data.due !== undefined) due.set(key, data.due)
    const isMissed =
      type === 'sla.breached' || (type === 'sla.corrected' && (data.outcome === 'breached' || data.outcome === 'ended'))
    if (type === 'sla.corrected') missed.delete(key)
    if (!isMissed) continue
    const { subject, clock, policy, policyVersion, lead, owner, started } = data
    missed.set(key, { subject, clock, policy, policyVersion, lead, owner, due: Date.parse(due.get(key) ?? started) })
  }
  return [...missed.values()].toSorted((a, b) => a.due - b.due || (keyOf(a) < keyOf(b) ? -1 : 1))
}

const keyOf = ({ subject, clock }: { readonly subject: string; readonly clock: string }): string =>
  `${subject} ${clock}`

function without(these: readonly Missed[], those: readonly Missed[]): Missed[] {
  const known = new Set(those.map(keyOf))
  return these.filter((one) => !known.has(keyOf(one)))
}
