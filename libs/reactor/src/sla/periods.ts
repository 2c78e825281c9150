import { isPeriodic, matches, periodAt, type PeriodPolicy } from '@funnel/definitions'
import type { Said } from '@funnel/domain'
import type { FunnelEvent, Instant } from '@funnel/events'
import { CORRECTABLE } from './clocks.js'
import type { Step } from './intents.js'
import type { PeriodKept, PeriodsKept } from './kept.js'
import { PERIODS } from './links.js'
import { zonesTold, type Rules } from './rules.js'
import { iso, say, seconds } from './telling.js'

const HOUR = 3_600_000
/** How long a fact may take into the log before a period is judged without it, as with clocks. */
const GRACE = 5000

/** The periods at an event or a timer. */
export interface AtPeriods {
  readonly agreedAt: (instant: Instant) => Rules
  readonly turn: Step
  /** When the event was recorded, or when the timer is due. */
  readonly at: Instant
  readonly event: string
}

/** What a timer of a period knows. */
export interface PeriodWatched {
  readonly period: string
}

const timerOf = (period: string): string => `period/${period}`

/** Begins the period at hand of every policy, once there is any business, and counts what an event says. */
export function counted(event: FunnelEvent, occurred: Instant, isBusiness: boolean, here: AtPeriods): void {
  const { agreedAt, at } = here
  const policies = periodic(agreedAt(Math.min(occurred, at)))
  for (const policy of policies) {
    if (isBusiness) opened(policy, at, here)
    const counts = countsOf(policy, event)
    if (!counts.count && !counts.among) continue
    const period = opened(policy, occurred, here)
    const judge = period && judgeOf(period, here)
    if (!judge) continue
    const { count, among } = countsOf(judge, event)
    replace(correctedAfter({ ...period, count: period.count + count, among: period.among + among }, here), here.turn)
  }
}

/** Judges a period that is over and begins the next; forgets one that was judged long ago. */
export function closed({ period: id }: PeriodWatched, here: AtPeriods): void {
  const period = periodsOf(here.turn).open.find((one) => one.id === id)
  if (!period) return
  if (period.outcome !== undefined) return forget(period, here.turn)
  const judge = judgeOf(period, here)
  // whoever took the policy away judges nothing by it
  if (!judge) return forget(period, here.turn)
  const outcome = outcomeOf(period, judge)
  const told = say(here.turn, verdictOf(period, judge, outcome))
  replace({ ...period, outcome, told }, here.turn)
  here.turn.arm(timerOf(id), here.at + CORRECTABLE, { period: id })
  if (period.historical) return
  const next = periodic(here.agreedAt(period.to)).find((one) => one.id === period.policy)
  if (next) opened(next, period.to, here)
}

const periodic = ({ policies }: Rules): PeriodPolicy[] => policies.filter(isPeriodic)

/**
 * The policy by which a period is judged: the version that was in force when it began, else the first of those that came after.
 */
function judgeOf({ policy, from, begun }: PeriodKept, { agreedAt }: AtPeriods): PeriodPolicy | undefined {
  const at = (instant: Instant) => periodic(agreedAt(instant)).find(({ id }) => id === policy)
  return at(from) ?? at(begun)
}

/** The period of an instant, begun if it was not; undefined where it is closed for good. */
function opened(policy: PeriodPolicy, instant: Instant, here: AtPeriods): PeriodKept | undefined {
  const { open, closed: until } = periodsOf(here.turn)
  const { from, to, first } = periodAt(policy, instant)
  const id = `${policy.id}/${first}`
  const known = open.find((one) => one.id === id)
  if (known || to <= (until[policy.id] ?? 0)) return known
  const historical = to <= here.at
  const period: PeriodKept = { id, policy: policy.id, from, to, begun: here.at, historical, count: 0, among: 0 }
  const judge = judgeOf(period, here) ?? policy
  here.turn.set(PERIODS, { ...periodsOf(here.turn), open: [...open, period] })
  const target = seconds(to - from)
  say(here.turn, { type: 'sla.started', data: { ...aboutOf(period, judge), due: iso(to), target } })
  here.turn.arm(timerOf(id), historical ? here.at + HOUR : to + GRACE, { period: id })
  return period
}

function countsOf({ promise }: PeriodPolicy, event: FunnelEvent): { readonly count: number; readonly among: number } {
  if ('count' in promise) return { count: Number(matches(promise.count, event)), among: 0 }
  const among = matches(promise.among, event)
  return { count: Number(matches(promise.of, event)), among: Number(among) }
}

const valueOf = ({ count, among }: PeriodKept, { promise }: PeriodPolicy): number =>
  'count' in promise ? count : among ? count / among : 0

/** Void where there were too few to tell a share. */
function outcomeOf(period: PeriodKept, policy: PeriodPolicy): NonNullable<PeriodKept['outcome']> {
  const { promise } = policy
  if ('sample' in promise && period.among < promise.sample) return 'cancelled'
  return valueOf(period, policy) >= promise.at_least ? 'met' : 'breached'
}

function verdictOf(period: PeriodKept, policy: PeriodPolicy, outcome: NonNullable<PeriodKept['outcome']>): Said {
  const about = aboutOf(period, policy)
  const ended = { at: iso(period.to), used: seconds(period.to - period.from) }
  const value = valueOf(period, policy)
  if (outcome === 'cancelled') return { type: 'sla.cancelled', data: { ...about, ...ended } }
  if (outcome === 'met') return { type: 'sla.met', data: { ...about, ...ended, value } }
  const { notify } = policy
  return {
    type: 'sla.breached',
    data: { ...about, due: iso(period.to), value, ...(notify && { notify: [...notify] }) },
  }
}

/** A period after another count: what was said of it is corrected where it does not hold any more. */
function correctedAfter(period: PeriodKept, here: AtPeriods): PeriodKept {
  const judge = judgeOf(period, here)
  const { outcome: before, told: event } = period
  if (!judge || before === undefined || event === undefined) return period
  const outcome = outcomeOf(period, judge)
  if (outcome === before) return period
  const told = say(here.turn, {
    type: 'sla.corrected',
    data: { ...aboutOf(period, judge), corrects: { outcome: before, event }, outcome, because: [here.event] },
  })
  return { ...period, outcome, told }
}

const aboutOf = ({ id, policy, from, historical }: PeriodKept, { version, party }: PeriodPolicy) => ({
  subject: policy,
  clock: id,
  policy,
  policyVersion: version,
  party,
  ...zonesTold,
  started: iso(from),
  ...(historical && { historical: true as const }),
})

const periodsOf = (turn: Pick<Step, 'get'>): PeriodsKept =>
  (turn.get(PERIODS) as PeriodsKept | undefined) ?? { open: [], closed: {} }

function replace(period: PeriodKept, turn: Step): void {
  const { open, closed: until } = periodsOf(turn)
  turn.set(PERIODS, { open: open.map((one) => (one.id === period.id ? period : one)), closed: until })
}

function forget(period: PeriodKept, turn: Step): void {
  const { open, closed: until } = periodsOf(turn)
  turn.set(PERIODS, {
    open: open.filter((one) => one !== period),
    closed: { ...until, [period.policy]: Math.max(period.to, until[period.policy] ?? 0) },
  })
}
