import type { AllDefinitions } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import { upcastRecord, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { automation } from '../automation/automation.js'
import type { Route } from '../automation/intents.js'
import type { Of } from '../ties/ties.js'
import { unapplied, type Replay } from './drafts.js'
import { compared, isWithin, monitorOf, toldIn, type Between, type Missed, type WhatIf } from './missed.js'
import { Owners } from './owners.js'
import { player } from './player.js'
import { Turns } from './turns.js'

/** An offer of a lead by a routing. */
export interface Offered {
  readonly lead: string
  readonly handoff: string
  readonly at: Instant
  /** To whom it was made, and to whom it would be; absent: to a queue in which nobody could take it. */
  readonly live?: string | undefined
  readonly other?: string | undefined
}

/** What somebody was offered and missed, and would have been and have. */
export interface Load {
  /** Absent: offers to a queue in which nobody could take the lead, and promises about leads without an owner. */
  readonly owner?: string | undefined
  readonly offered: Counts
  readonly missed: Counts
}

interface Counts {
  readonly live: number
  readonly draft: number
}

/** The same arrivals under the routing that was agreed and under drafts. */
export interface RoutingWhatIf extends WhatIf {
  readonly offered: number
  /** By owner, in the order of their names. */
  readonly loads: readonly Load[]
  /** Leads that would have been offered to somebody else. */
  readonly moved: readonly Offered[]
  /**
   * Offers that the replay of what was agreed makes to others than was told; nothing, where nobody interfered with the queues.
   */
  readonly astray: readonly Offered[]
}

/**
 * Replays a log through the routing twice, by what was agreed and with drafts of routings, queues, territories and teams,
 * and compares to whom leads are offered and what is then missed; from an instant on, with the queues as they stood, and
 * of what was offered and came due before another.
 *
 * Each lead that a routing offered is offered at the same place of the log, by the queues' own decider. Everything else is
 * kept as it was:
 * when offers are answered, how long they stand, when somebody speaks to a lead, who takes leave, and what follows from
 * escalations. Whoever would have got a lead has it instead of who did, and is judged by their own calendar. So the load
 * is what it would be, and the promises that are missed are those of people who are as fast as those whose leads they
 * have. Pure but for the pages; keeps the states of all leads in memory.
 */
export async function whatIfRouting(replay: Replay): Promise<RoutingWhatIf> {
  const { pages, w, definitions, drafts, drafted, ...within } = replay
  const queues = new Set(drafts.flatMap(({ kind, value }) => (kind === 'queue' ? [value.id] : [])))
  const heard = unapplied(drafts)
  const agreed = routed(definitions, new Set(), within)
  const draft = routed({ ...drafted, policies: definitions.policies }, queues, within)
  const told: Said[] = []
  for await (const page of pages) {
    await agreed.take(page, page)
    await draft.take(page, heard(page))
    told.push(...toldIn(page))
  }
  await agreed.end(w)
  await draft.end(w)
  const ofLeads = (said: readonly Said[]) => said.filter(({ data }) => data.lead !== undefined)
  const found = compared({ told: ofLeads(told), agreed: ofLeads(agreed.said), draft: ofLeads(draft.said) }, within)
  return {
    ...found,
    offered: draft.offers.length,
    loads: loadsOf(draft.offers, found.told.missed, found.draft.missed),
    moved: draft.offers.filter(({ live, other }) => live !== other),
    astray: agreed.offers.filter(({ live, other }) => live !== other),
  }
}

/** A log as it would be under a routing, and what the SLA monitor would say of it. */
function routed(definitions: AllDefinitions, queues: ReadonlySet<string>, within: Between) {
  const { from = -Infinity } = within
  /** What the routing asks for, by the event that it follows from, until it is carried out. */
  const routes = new Map<string, Route>()
  const router = player(automation(definitions), ({ command, cause }) => {
    if (command.type === 'route') routes.set(cause.id, command)
  })
  const monitor = monitorOf(definitions)
  const turns = new Turns(definitions.queues, queues, from)
  const owners = new Owners()
  const offers: Offered[] = []
  /** To whom a lead would be assigned, if to anybody, by the event that the routing follows from, until it is offered. */
  const assigned = new Map<string, string | undefined>()
  /** Of the newest instant, of which more may come. */
  let held: readonly Recorded[] = []

  const assign = (event: Of<'queue.assigned'>, at: Instant): void => {
    const { queue, lead, member, because } = event.data
    const cause = because?.[0]
    const route = cause === undefined ? undefined : routes.get(cause)
    if (at < from) turns.keep(event, at)
    const other = at < from ? member : turns.assign(route?.queue ?? queue, lead, at)
    if (cause !== undefined && route) assigned.set(cause, other)
  }
  const offer = (event: Of<'handoff.offered'>, at: Instant): Of<'handoff.offered'> => {
    const { assignee: live, queue: _, ...data } = event.data
    const { lead, handoff, fallback } = data
    const route = routes.get(handoff)
    routes.delete(handoff)
    if (!route || at < from) {
      assigned.delete(handoff)
      owners.offered(lead, undefined)
      return event
    }
    const other = assigned.has(handoff) ? assigned.get(handoff) : turns.assign(route.queue, lead, at)
    assigned.delete(handoff)
    owners.offered(lead, { handoff, live, other, fallback: { live: fallback, other: route.fallback } })
    if (isWithin(at, within)) offers.push({ lead, handoff, at, live, other })
    const whom = other === undefined ? { queue: route.queue } : { assignee: other }
    return { ...event, data: { ...data, ...whom, fallback: route.fallback } }
  }
  const inQueues = ({ event, recorded }: Recorded<FunnelEvent>): void => {
    if (!isOfQueue(event)) return
    turns.happened(event, recorded)
    if (event.type === 'queue.assigned') assign(event, recorded)
  }
  const under = (record: Recorded<FunnelEvent>): Recorded<FunnelEvent> => {
    const { event, recorded } = record
    if (event.type === 'handoff.offered') return { ...record, event: offer(event, recorded) }
    turns.ended(event, recorded)
    return { ...record, event: owners.under(event) }
  }
  /** Replays what was recorded before an instant. */
  const replay = async (before: Instant): Promise<void> => {
    const ready = held.filter(({ recorded }) => recorded < before).map(upcastRecord)
    held = held.slice(ready.length)
    const would: Recorded[] = []
    for (const atOnce of Map.groupBy(ready, ({ recorded }) => recorded).values()) {
      // a lead is offered to whom it was assigned, but in the order of the log what is recorded at once may stand the other way round
      for (const record of atOnce) inQueues(record)
      would.push(...atOnce.map(under))
    }
    await monitor.take(ready, would)
  }

  return {
    offers,
    said: monitor.said,
    async take(page: readonly Recorded[], heard: readonly Recorded[]): Promise<void> {
      await router.take(page, heard)
      held = [...held, ...heard]
      await replay(held.at(-1)?.recorded ?? 0)
    },
    async end(w: Instant): Promise<void> {
      await replay(Infinity)
      await monitor.end(w)
    },
  }
}

const isOfQueue = (event: FunnelEvent): event is Extract<FunnelEvent, { readonly type: `queue.${string}` }> =>
  event.type.startsWith('queue.')

function loadsOf(offers: readonly Offered[], live: readonly Missed[], draft: readonly Missed[]): Load[] {
  const named = [
    ...offers.flatMap(({ live, other }) => [live, other]),
    ...[...live, ...draft].map(({ owner }) => owner),
  ]
  const count = <T>(all: readonly T[], ownerOf: (one: T) => string | undefined) => {
    const by = Map.groupBy(all, ownerOf)
    return (owner: string | undefined): number => by.get(owner)?.length ?? 0
  }
  const [offered, wouldBe] = [count(offers, ({ live }) => live), count(offers, ({ other }) => other)]
  const [missed, wouldMiss] = [live, draft].map((all) => count(all, ({ owner }) => owner)) as [
    typeof offered,
    typeof offered,
  ]
  return [...new Set(named)]
    .toSorted((a, b) => (a === undefined ? 1 : b === undefined ? -1 : a < b ? -1 : 1))
    .map((owner) => ({
      ...(owner !== undefined && { owner }),
      offered: { live: offered(owner), draft: wouldBe(owner) },
      missed: { live: missed(owner), draft: wouldMiss(owner) },
    }))
}
