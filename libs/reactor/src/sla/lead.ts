import { matches, type LeadPolicy, type ValueOf } from '@funnel/definitions'
import { typeOf, type FunnelEvent } from '@funnel/events'
import type { Fact } from '@funnel/sla'
import { leadKey } from '../ties/keys.js'
import { linked } from '../ties/ties.js'
import {
  endedAt,
  heard,
  isOpen,
  policyOf,
  ranAt,
  retargeted,
  roleOf,
  started,
  startedEarlier,
  startOf,
  termsOfLead,
  type AtLead,
} from './clocks.js'
import { inFamilies, leadPolicies, parentOf } from './family.js'
import type { Step } from './intents.js'
import type { Act, ClockKept, LeadKept } from './kept.js'

/** Clocks of a lead that run at once under one policy; a start beyond them has none. */
const MOST_RUNNING = 100
/** Acts that are remembered for starts that come to be known after them; the oldest are forgotten. */
const MOST_ACTS = 50

/** An event as clocks see it. */
export interface Heard {
  readonly event: FunnelEvent
  readonly occurred: number
  readonly recorded: number
}

export const leadOf = (turn: Pick<Step, 'get'>, lead: string): LeadKept =>
  (turn.get(leadKey(lead)) as LeadKept | undefined) ?? { fields: {}, clocks: [], acts: [] }

/** Takes in what an event of a lead tells of it. Gives whether that changed what is known of it. */
export function reported({ event, occurred }: Heard, turn: Step): boolean {
  if (typeOf(event.type)!.category !== 'lead') return false
  const {
    lead,
    person,
    visitor,
    properties = {},
    ...data
  } = event.data as unknown as {
    readonly lead: string
    readonly properties?: Readonly<Record<string, string | number | boolean | null>>
  } & Readonly<Record<'person' | 'visitor' | 'owner' | 'assignee' | 'account' | 'stage', string | undefined>>
  const { owner, assignee, account, stage } = data
  const told = Object.entries({
    owner,
    // whom sales has at it: an offer to a whole queue has nobody yet
    'in-sales': event.type === 'handoff.offered' ? (assignee ?? null) : owner,
    account,
    stage,
    ...Object.fromEntries(Object.entries(properties).map(([name, value]) => [`properties.${name}`, value])),
  })
  const before = leadOf(turn, lead)
  const news = told.flatMap(([name, value]) => {
    const known = before.fields[name]
    return value === undefined || (known && known.at > occurred) ? [] : [[name, { value, at: occurred }] as const]
  })
  const ties = { ...(person !== undefined && { person }), ...(visitor !== undefined && { visitor }) }
  linked(lead, ties, turn)
  if (news.length || Object.keys(ties).length)
    turn.set(leadKey(lead), { ...before, ...ties, fields: { ...before.fields, ...Object.fromEntries(news) } })
  return news.some(([name, { value }]) => before.fields[name]?.value !== value)
}

/** Lets the clocks of a lead hear of an event, and starts those that it starts. `changed`: so was what is known of the lead. */
export function hear(heardOf: Heard, changed: boolean, here: AtLead): void {
  const { event, occurred, recorded } = heardOf
  const kept = leadOf(here.turn, here.lead)
  const begun = Math.min(occurred, recorded)
  const policies = leadPolicies(here.agreedAt(begun).policies)
  const hit: ClockKept[] = []
  const told = kept.clocks.map((clock) => {
    const policy = policyOf(clock, here)
    const role = policy && roleOf(policy, event, here.valueOf)
    const at = policy && role === 'stop' && wasDoneAtStart(clock, policy, heardOf, here) ? startOf(clock) : occurred
    const concerned =
      role !== undefined && ranAt(clock, at, here) && !clock.clock.facts.some(({ id }) => id === event.id)
    const after = concerned ? heard(clock, { id: event.id, type: role, occurred: at, recorded }, here) : clock
    if (concerned && role === 'stop') hit.push(after)
    return changed && isOpen(after) ? retargeted(after, heardOf, here) : after
  })
  const acts = withAct(kept.acts, heardOf, policies, here)
  let clocks = inFamilies(told, acts, here)
  for (const policy of policies) {
    const follows = policy.recurs === 'chained' && hit.some((clock) => clock.policy === policy.id)
    if (follows || policy.starts.some((one) => matches(one, event, here.valueOf)))
      clocks = withStart(clocks, policy, heardOf, acts, follows, here)
  }
  clocks = inFamilies(clocks, acts, here)
  if (clocks.some((clock, i) => clock !== kept.clocks[i]) || acts !== kept.acts)
    here.turn.set(leadKey(here.lead), { ...leadOf(here.turn, here.lead), clocks, acts })
}

/**
 * Whether what an event tells of the lead from before a clock started kept its promise at the start: of a promise that is
 * kept by its very start where that is known of the lead. What was told of a field after the start counts as not known
 * then.
 */
function wasDoneAtStart(clock: ClockKept, policy: LeadPolicy, { event, occurred }: Heard, here: AtLead): boolean {
  const start = startOf(clock)
  if (occurred >= start || policy.recurs === 'chained') return false
  const { fields } = leadOf(here.turn, here.lead)
  const valueThen: ValueOf = (field) => {
    const known = fields[field]
    return known && known.at <= start ? known.value : undefined
  }
  const types = policy.starts.flatMap((one) => one.event)
  return policy.stops.some(
    (stop) =>
      stop.lead !== undefined &&
      stop.where === undefined &&
      types.every((type) => stop.event.includes(type)) &&
      matches(stop, event, here.valueOf) &&
      matches(stop, event, valueThen),
  )
}

/** The clocks with what a start makes of them: one more, or one that started earlier than was known, or the same. */
function withStart(
  clocks: readonly ClockKept[],
  policy: LeadPolicy,
  { event, occurred, recorded }: Heard,
  acts: readonly Act[],
  follows: boolean,
  here: AtLead,
): ClockKept[] {
  const mine = clocks.filter((clock) => clock.policy === policy.id)
  const known = mine.some((clock) => clock.id === `${policy.id}/${event.id}`)
  const factFor = (judge: LeadPolicy, begun: number): Fact & { readonly type: 'start' } => ({
    id: event.id,
    type: 'start',
    terms: termsOfLead(judge, begun, here),
    occurred,
    recorded,
    ...(event.importid !== undefined && { imported: true }),
  })
  if (policy.recurs !== 'each' && !follows) {
    if (mine.some((clock) => ranAt(clock, occurred, here))) return [...clocks]
    const later = mine.filter((clock) => startOf(clock) > occurred).toSorted((a, b) => startOf(a) - startOf(b))[0]
    if (later) {
      const judge = policyOf(later, here)
      return clocks.map((clock) =>
        clock === later && judge ? startedEarlier(clock, factFor(judge, later.begun), acts, here) : clock,
      )
    }
  }
  if (known || mine.filter((clock) => endedAt(clock, here) === Infinity).length >= MOST_RUNNING) return [...clocks]
  const begun = Math.min(occurred, recorded)
  const parent = parentOf(policy, occurred, clocks, here)?.id
  const clock = started(policy, { start: factFor(policy, begun), begun, acts, parent }, here)
  if (!clock) return [...clocks]
  // what is promised may be there from the beginning; what goes on in a chain is not done by what began it
  const isDone = policy.recurs !== 'chained' && roleOf(policy, event, here.valueOf) === 'stop'
  const done: Fact = { id: `${event.id}/stop`, type: 'stop', occurred, recorded }
  return [...clocks, isDone ? heard(clock, done, here) : clock]
}

function withAct(
  acts: readonly Act[],
  { event, occurred, recorded }: Heard,
  policies: readonly LeadPolicy[],
  here: AtLead,
): readonly Act[] {
  const does = policies.flatMap((policy) => {
    const role = roleOf(policy, event, here.valueOf)
    return role === undefined ? [] : [{ policy: policy.id, role }]
  })
  return does.length ? [...acts, { id: event.id, occurred, recorded, does }].slice(-MOST_ACTS) : acts
}
