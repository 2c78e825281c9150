import {
  clockTerms,
  isPeriodic,
  matches,
  termsFor,
  type Escalation,
  type LeadPolicy,
  type ValueOf,
} from '@funnel/definitions'
import { FunnelError, type FunnelEvent, type Instant } from '@funnel/events'
import {
  byOccurrence,
  endNow,
  endOf,
  groundsNow,
  newClock,
  nextCut,
  observe,
  pass,
  revise,
  standingAt,
  type Clock,
  type Fact,
  type Grounds,
  type Revision,
  type Saying,
  type Standing,
  type Terms,
  type TimeOf,
  type Step as Told,
} from '@funnel/sla'
import type { Step } from './intents.js'
import type { Act, ClockKept, Role, Whose } from './kept.js'
import { dataBehind, timeIn, type Rules } from './rules.js'
import { groundsSaid, levelSaid, verdictSaid, type About } from './saying.js'
import { iso, say, seconds } from './telling.js'

/** So long after it ended or was last corrected a clock is kept. What comes to be known of it later changes nothing. */
export const CORRECTABLE = 30 * 86_400_000

/** A lead at the event or the timer at hand. */
export interface AtLead {
  readonly lead: string
  readonly valueOf: ValueOf
  /** What was agreed at an instant. */
  readonly agreedAt: (instant: Instant) => Rules
  readonly turn: Step
  /** The event at hand, or the one that armed the timer. */
  readonly event: string
  /** When it was recorded, or when the timer is due. */
  readonly at: Instant
}

/** What a timer of a clock knows. */
export interface Watched {
  readonly lead: string
  readonly clock: string
  /** It has ended, and is only to be forgotten. */
  readonly over?: true
}

const timerOf = ({ lead, clock }: Watched): string => `clock/${lead}/${clock}`

/** The policy that judges a clock, in the version that was in force at its start; undefined where there is none any more. */
export const policyOf = ({ policy, begun }: ClockKept, { agreedAt }: AtLead): LeadPolicy | undefined =>
  agreedAt(begun)
    .policies.filter((one): one is LeadPolicy => !isPeriodic(one))
    .find(({ id }) => id === policy)

/** The terms by which a policy judges a lead, by what was agreed at an instant. */
export function termsOfLead(policy: LeadPolicy, begun: Instant, { valueOf, agreedAt }: AtLead): Terms {
  return clockTerms(policy, termsFor(policy, valueOf), keeperOf(policy, valueOf), agreedAt(begun))
}

/**
 * Who is to keep a promise about a lead: its owner; of what sales promised, while it is offered and after it was rejected,
 * whom it was offered to. Undefined where it was offered to a whole queue, or nobody has it.
 */
function keeperOf({ party }: Pick<LeadPolicy, 'party'>, valueOf: ValueOf): string | undefined {
  const inSales = party === 'sales' ? valueOf('in-sales') : undefined
  const keeper = inSales === undefined ? valueOf('owner') : inSales
  return typeof keeper === 'string' ? keeper : undefined
}

/** What an event does to the clocks of a policy. What would fulfil a promise counts before anything else. */
export function roleOf(policy: LeadPolicy, event: FunnelEvent, valueOf: ValueOf): Role | undefined {
  const { stops, cancels, resumes, pauses } = policy
  const roles = { stop: stops, cancel: cancels, resume: resumes, pause: pauses }
  return (Object.keys(roles) as Role[]).find((role) => roles[role]?.some((one) => matches(one, event, valueOf)))
}

/** When a clock started, by what is known. */
export const startOf = ({ clock }: ClockKept): Instant =>
  Math.min(...clock.facts.flatMap(({ type, occurred }) => (type === 'start' ? [occurred] : [])))

/** When a clock ended, by what is known, which may not be judged yet; one that runs on does so for ever. */
export const endedAt = (kept: ClockKept, here: AtLead): Instant =>
  endNow(kept.clock, timeOf(kept, here))?.occurred ?? Infinity

/** Whether a clock ran at an instant, by what is known. */
export const ranAt = (kept: ClockKept, instant: Instant, here: AtLead): boolean =>
  startOf(kept) <= instant && instant <= endedAt(kept, here)

/** Whether it has not ended, by what was said of it. */
export const isOpen = ({ clock }: ClockKept): boolean => endOf(clock.said) === undefined

/** By what a new clock starts: its event, when it counts as known, what the lead did since, and the clock it belongs to. */
export interface Beginning {
  readonly start: Fact & { readonly type: 'start' }
  readonly begun: Instant
  readonly acts: readonly Act[]
  readonly parent: string | undefined
}

/** A new clock, with what was known before its start came to be known; undefined where its terms can never run out. */
export function started(
  policy: LeadPolicy,
  { start, begun, acts, parent }: Beginning,
  here: AtLead,
): ClockKept | undefined {
  const kept: ClockKept = {
    id: `${policy.id}/${start.id}`,
    policy: policy.id,
    party: policy.party,
    begun,
    clock: withActs(newClock, policy.id, start, acts),
    ...(parent !== undefined && { parent }),
  }
  const { terms, occurred } = start
  const time = timeIn(here.agreedAt(begun), terms)
  const step = attempt(() => ({
    ...observe(kept.clock, start, timeOf(kept, here)),
    due: time.add(occurred, terms.target),
  }))
  if (!step) return undefined
  const about = aboutOf(kept, groundsNow(step.clock, timeOf(kept, here))!, step.clock, here)
  say(here.turn, { type: 'sla.started', data: { ...about, due: iso(step.due), target: seconds(terms.target) } })
  return { ...followed(kept, step, here), whose: whoseIs(kept, here) }
}

/** A clock that takes in a fact. */
export function heard(kept: ClockKept, fact: Fact, here: AtLead): ClockKept {
  const step = attempt(() => observe(kept.clock, fact, timeOf(kept, here)))
  if (!step || step.clock.facts.length === kept.clock.facts.length) return kept
  return takenIn(kept, step, false, here)
}

/**
 * A clock whose end follows from something else: from now on from `instead`, or from nothing any more. What the lead did
 * after it seemed to have ended counts then.
 */
export function revised(
  kept: ClockKept,
  { without, instead }: Pick<Revision, 'without' | 'instead'>,
  acts: readonly Act[],
  here: AtLead,
): ClockKept {
  const first = kept.clock.facts.filter(({ type }) => type === 'start').toSorted((a, b) => a.occurred - b.occurred)[0]!
  const known = withActs(kept.clock, kept.policy, first, acts)
  const revision = { without, ...(instead && { instead }), recorded: here.at, cause: here.event }
  const step = attempt(() => revise(known, revision, timeOf(kept, here)))
  return step ? takenIn(kept, step, false, here) : kept
}

/** Says what a step says of a clock, and where it runs on otherwise than before that, too. */
function takenIn(kept: ClockKept, step: Told, isRetargeted: boolean, here: AtLead): ClockKept {
  const before = standingAt(kept.clock, here.at, timeOf(kept, here))
  const after = standingAt(step.clock, here.at, timeOf(kept, here))
  const follows = followed(kept, step, here)
  return after && (isRetargeted || before?.state !== after.state || before.due !== after.due)
    ? changed(follows, after, here)
    : follows
}

/** Says of a clock that has not ended how it stands now. */
function changed(kept: ClockKept, { state, due, left }: Standing, here: AtLead): ClockKept {
  if (state !== 'running' && state !== 'paused') return kept
  say(here.turn, {
    type: 'sla.changed',
    data: {
      ...aboutOf(kept, groundsNow(kept.clock, timeOf(kept, here))!, kept.clock, here),
      state,
      ...(due !== undefined && { due: iso(due) }),
      left: seconds(left),
      because: [here.event],
    },
  })
  return { ...kept, whose: whoseIs(kept, here) }
}

/** A clock of which it came to be known that it started earlier, with what happened since then. */
export function startedEarlier(
  kept: ClockKept,
  start: Fact & { readonly type: 'start' },
  acts: readonly Act[],
  here: AtLead,
): ClockKept {
  return heard({ ...kept, clock: withActs(kept.clock, kept.policy, start, acts) }, start, here)
}

/**
 * A clock that is judged by other terms, where its lead or owner now has others, or is another's by the same. They are by
 * all that is known: what happened before the terms that it has came about takes their place.
 */
export function retargeted(
  kept: ClockKept,
  event: { readonly occurred: Instant; readonly recorded: Instant },
  here: AtLead,
): ClockKept {
  const policy = policyOf(kept, here)
  const terms = policy && termsOfLead(policy, kept.begun, here)
  if (!terms) return kept
  const last = termsFact(kept.clock)
  if (JSON.stringify(terms) === JSON.stringify(last.terms)) return handedOn(kept, here)
  const { recorded } = event
  const occurred = Math.max(event.occurred, last.occurred)
  const instead: Fact = { id: `${here.event}/terms`, type: 'retarget', terms, occurred, recorded }
  // of other terms of one instant those that came to be known last count
  const without = (fact: Fact) => fact.type === 'retarget' && fact.occurred === occurred
  const revision = { without, instead, recorded, cause: here.event }
  const step = attempt(() => revise(kept.clock, revision, timeOf(kept, here)))
  return step ? takenIn(kept, step, true, here) : kept
}

/** A clock of which it is told whose it is now, where that is not who was told last. */
function handedOn(kept: ClockKept, here: AtLead): ClockKept {
  const { owner, team } = whoseIs(kept, here)
  if (kept.whose && kept.whose.owner === owner && kept.whose.team === team) return kept
  const standing = standingAt(kept.clock, here.at, timeOf(kept, here))
  return standing ? changed(kept, standing, here) : kept
}

/** A clock whose time has come. */
export const looked = (kept: ClockKept, here: AtLead): ClockKept =>
  followed(kept, pass(kept.clock, here.at, timeOf(kept, here)), here)

/** Says what is to be said of a clock, and sees to it that it is looked at again. */
function followed({ next: armed, ...kept }: ClockKept, { clock, sayings }: Told, here: AtLead): ClockKept {
  let { told } = kept
  let before = kept.clock.said
  for (const saying of sayings)
    if (saying.type === 'judged') {
      const { verdict } = saying
      const grounds = verdict.outcome === 'open' ? groundsNow(clock, timeOf(kept, here))! : verdict
      const about = aboutOf(kept, grounds, clock, here)
      for (const said of verdictSaid(saying, about, before, { told, because: here.event })) told = say(here.turn, said)
      before = verdict
    } else sayLevel(kept, saying, clock, told, here)
  const cut = nextCut(clock, timeOf(kept, here))
  const over = cut === undefined && isOver(clock, kept, here)
  const next = over ? here.at + CORRECTABLE : cut
  const timer = { lead: here.lead, clock: kept.id, ...(over && { over }) }
  if (next === undefined) here.turn.cancel(timerOf(timer))
  else if (next !== armed) here.turn.arm(timerOf(timer), next, timer)
  return {
    ...kept,
    clock,
    ...(sayings.length > 0 && { whose: whoseIs(kept, here) }),
    ...(told !== undefined && { told }),
    ...(next !== undefined && { next }),
  }
}

const isOver = (clock: Clock, kept: ClockKept, here: AtLead): boolean => {
  const state = standingAt(clock, here.at, timeOf(kept, here))?.state
  return state === 'stopped' || state === 'cancelled'
}

/**
 * A warning, or a level of escalation with what follows from the breach, which `told` names; nothing follows from what is
 * historical.
 */
function sayLevel(
  kept: ClockKept,
  saying: Extract<Saying, { readonly level: number }>,
  clock: Clock,
  told: string | undefined,
  here: AtLead,
): void {
  const time = timeOf(kept, here)
  const due =
    standingAt(clock, here.at, time)?.due ??
    // it was fulfilled between the warning and now
    time(termsFact(clock).terms).add(saying.at, termsFact(clock).terms.warnings[saying.level] ?? 0)
  const policy = policyOf(kept, here)
  const { warnings, escalations } = policy ? termsFor(policy, here.valueOf) : {}
  const escalation = saying.type === 'escalated' ? escalations?.[saying.level] : undefined
  const { notify } = (saying.type === 'warned' ? warnings?.[saying.level] : escalation) ?? {}
  const id = say(here.turn, levelSaid(saying, aboutOf(kept, saying, clock, here), due, notify), saying.level + 1)
  if (escalation && !saying.historical)
    escalate(escalation, { id, of: told ?? id, keeper: keeperOf(kept, here.valueOf) }, here)
}

function escalate(
  { reassign, pause }: Escalation,
  { id: level, of, keeper }: { readonly id: string; readonly of: string; readonly keeper: string | undefined },
  { lead, agreedAt, at, turn }: AtLead,
): void {
  if (pause && keeper !== undefined)
    for (const { id, members } of agreedAt(at).queues)
      if (members.some(({ member }) => member === keeper))
        turn.command(`pause/${level}/${id}`, {
          type: 'consequence',
          lead,
          of,
          command: { type: 'queue.leave', queue: id, member: keeper, reason: 'sla' },
        })
  if (reassign !== undefined)
    turn.command(`reassign/${level}`, {
      type: 'consequence',
      lead,
      of,
      command: { type: 'lead.assign', lead, owner: reassign, because: [of] },
    })
}

/** Whose a clock is, as its lead is now. */
function whoseIs({ party }: Pick<ClockKept, 'party'>, { valueOf, agreedAt, at }: AtLead): Whose {
  const owner = keeperOf({ party }, valueOf)
  if (owner === undefined) return {}
  const team = agreedAt(at).teams.find(({ members }) => members.includes(owner))?.id
  return { owner, ...(team !== undefined && { team }) }
}

/** What every event of the clock says, as its lead is now. */
function aboutOf({ id, party, parent, begun }: ClockKept, grounds: Grounds, { facts }: Clock, here: AtLead): About {
  return {
    subject: here.lead,
    clock: id,
    lead: here.lead,
    party,
    ...whoseIs({ party }, here),
    ...(parent !== undefined && { parent }),
    ...groundsSaid(grounds),
    ...dataBehind(here.agreedAt(begun), grounds.calendar),
    started: iso(facts.find((fact) => fact.id === grounds.start)!.occurred),
  }
}

export const timeOf =
  ({ begun }: ClockKept, { agreedAt }: AtLead): TimeOf =>
  (terms) =>
    timeIn(agreedAt(begun), terms)

/** The fact that brought the terms that it is judged by now: its start, or the last that brought others. */
function termsFact({ facts }: Clock): Extract<Fact, { readonly terms: Terms }> {
  const told = facts
    .flatMap((fact) => (fact.type === 'start' || fact.type === 'retarget' ? [fact] : []))
    .toSorted(byOccurrence)
  const start = told.findIndex(({ type }) => type === 'start')
  // a further start changes nothing
  return told.slice(start).findLast(({ type }) => type === 'retarget') ?? told[start]!
}

/** A clock with what the lead did since a start that came to be known after it. */
const withActs = (clock: Clock, policy: string, start: Fact, acts: readonly Act[]): Clock => {
  const since = acts.flatMap(({ id, occurred, recorded, does }): Fact[] => {
    const role = does.find((one) => one.policy === policy)?.role
    const isKnown = clock.facts.some((fact) => fact.id === id)
    return role === undefined || isKnown || occurred < start.occurred || id === start.id
      ? []
      : [{ id, type: role, occurred, recorded }]
  })
  return { ...clock, facts: [...clock.facts, ...since] }
}

/** What a calendar that never has the time that a target takes cannot be asked is left alone. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof FunnelError && error.code === 'INVALID') return undefined
    throw error
  }
}
