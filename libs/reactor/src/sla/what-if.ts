import { isPeriodic, type AllDefinitions, type SlaPolicy } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import { advance, upcastRecord, type Instant, type Recorded } from '@funnel/events'
import { takeBatch } from '../batch.js'
import { memoryKeep } from '../memory-keep.js'
import type { Intended } from './intents.js'
import type { Kept } from './kept.js'
import { isVerdict } from './links.js'
import { slaMonitor } from './monitor.js'

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

/** The same log under what was agreed and under a draft, and what the monitor told when it happened. */
export interface WhatIf {
  readonly told: Judgement
  readonly agreed: Judgement
  readonly draft: Judgement
  /** Missed under the draft alone, and under what was agreed alone. */
  readonly gained: readonly Missed[]
  readonly lost: readonly Missed[]
  /** Missed in one of what was told and what is agreed, but not in the other; nothing, where the monitor watched all the time. */
  readonly unlike: readonly Missed[]
}

export interface WhatIfOptions {
  /** The log in the total order, up to `w`. */
  readonly pages: AsyncIterable<readonly Recorded[]>
  readonly w: Instant
  /** What counts where the log says nothing. */
  readonly definitions: AllDefinitions
  /** A policy in the place of the one with its id, in all its versions, and the calendars and teams that it is judged by. */
  readonly draft: { readonly policy: SlaPolicy } & Pick<AllDefinitions, 'calendars' | 'teams'>
  /** Of clocks that came due from one instant on and before another. */
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

/**
 * Replays a log through the SLA monitor twice, by what was agreed and with a draft, and compares what is missed. The log stays as it is: what
 * followed from escalations and what people did meanwhile is not replayed. Pure but for the pages; keeps the states of all leads in memory.
 */
export async function whatIf({ pages, w, definitions, draft, from, to }: WhatIfOptions): Promise<WhatIf> {
  const { policy, calendars, teams } = draft
  // the other policies have no part in what is compared, but for those that it is a part of
  const agreed = player({ ...definitions, policies: lineOf(policy.id, definitions.policies) })
  const others = definitions.policies.filter(({ id }) => id !== policy.id)
  const drafted = player({ ...definitions, policies: lineOf(policy.id, [...others, policy]), calendars, teams })
  const told: Said[] = []
  for await (const page of pages) {
    await agreed.take(page, page)
    await drafted.take(
      page,
      page.filter((record) => !applies(record, policy.id)),
    )
    for (const { event } of page.map(upcastRecord)) if (isVerdict(event)) told.push(event)
  }
  await agreed.end(w)
  await drafted.end(w)
  const judgement = (said: readonly Said[]): Judgement => {
    const ofIt = said.filter(({ data }) => data.policy === policy.id)
    const missed = missedIn(ofIt).filter(({ due }) => due >= (from ?? -Infinity) && due < (to ?? Infinity))
    const starts = ofIt.filter(({ type, data }) => {
      const at = Date.parse(data.started)
      return type === 'sla.started' && at >= (from ?? -Infinity) && at < (to ?? Infinity)
    })
    return { started: starts.length, missed }
  }
  const [live, before, after] = [told, agreed.said, drafted.said].map(judgement) as [Judgement, Judgement, Judgement]
  return {
    told: live,
    agreed: before,
    draft: after,
    gained: without(after.missed, before.missed),
    lost: without(before.missed, after.missed),
    unlike: [...without(live.missed, before.missed), ...without(before.missed, live.missed)],
  }
}

/** A policy, and those that it is a part of. */
function lineOf(id: string | undefined, policies: readonly SlaPolicy[]): SlaPolicy[] {
  const policy = policies.find((one) => one.id === id)
  if (!policy) return []
  const others = policies.filter((one) => one !== policy)
  return isPeriodic(policy) ? [policy] : [policy, ...lineOf(policy.parent, others)]
}

/** A monitor that says to us alone what it says. */
function player(definitions: AllDefinitions) {
  const keep = memoryKeep<Kept>()
  const said: Said[] = []
  const acting = {
    reactor: slaMonitor(definitions),
    keep,
    execute: async ({ command }: { readonly command: Intended }) => {
      if (command.type === 'sla.say') said.push(command.said)
      return 'done' as const
    },
  }
  return {
    said,
    async take(page: readonly Recorded[], heard: readonly Recorded[]): Promise<void> {
      const last = page.at(-1)
      if (last)
        await takeBatch(acting, { events: heard, positions: advance(keep.place.positions, page), w: last.recorded - 1 })
    },
    async end(w: Instant): Promise<void> {
      await takeBatch(acting, { events: [], positions: keep.place.positions, w })
    },
  }
}

const applies = ({ event: { type, data } }: Recorded, policy: string): boolean =>
  type === 'definition.applied' && (data as { readonly definition?: string }).definition === `sla/${policy}`

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
