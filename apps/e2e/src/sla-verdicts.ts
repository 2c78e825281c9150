import { GOLDEN, PROMISES, TARGETS, WARNED_BEFORE, type Planned, type Promised } from './sla-load.js'

// What must have been said of each deadline, by what was sent and when the database recorded it. It shares nothing with the monitor.

/** A fact may take so long into the log before a deadline is judged without it, in milliseconds. */
export const GRACE = 5000
const HOUR = 3_600_000

/** A deadline as the log has it. Instants are milliseconds since 1970. */
export interface Deadline {
  readonly clock: string
  readonly lead: string
  readonly due: number
  /** Nothing recorded after this is taken into account. */
  readonly cut: number
  /** What must have been said of it, each once. */
  readonly owed: readonly string[]
}

/** One event that tells of a clock, or what followed from it. */
export interface Told {
  readonly clock: string
  /** In the words of `owed`. */
  readonly what: string
  /** When the database recorded it. */
  readonly recorded: number
}

/**
 * What must be said of the deadlines of a lead, when everything recorded up to an instant was judged. `given`: by then the
 * log also had it that the lead is somebody else's, and nothing of how it ended before that.
 */
export function deadlinesOf(
  planned: Planned,
  recordedAt: (id: string) => number,
  upTo: number,
  given = false,
): Deadline[] {
  return PROMISES.map((promise) => deadlineOf(promise, planned, recordedAt, upTo, given))
}

function deadlineOf(
  promise: Promised,
  { lead, gold, history, start, end }: Planned,
  recordedAt: (id: string) => number,
  upTo: number,
  given: boolean,
): Deadline {
  const known = recordedAt(start.id) + (history ? HOUR : 0)
  const due = start.at + TARGETS[promise]
  const cutOf = (at: number) => Math.max(at, known) + GRACE
  // what happens at the very instant happens in time; what comes to be known too late does not count at first
  const isPassed = (at: number) => cutOf(at) <= upTo && (!end || end.at > at || recordedAt(end.id) > cutOf(at))
  const warned = promise === GOLDEN && gold && isPassed(due - WARNED_BEFORE)
  const breached = isPassed(due)
  const verdict = end && (end.kind === 'reply' ? 'met' : 'cancelled')
  const how = end && (end.kind === 'reply' ? 'stopped' : 'cancelled')
  const owed = ['started']
  if (warned) owed.push('warned 1')
  if (breached) {
    owed.push('breached')
    if (promise === GOLDEN && gold && !history) owed.push('escalated 1', 'reassigned')
    if (given) owed.push('changed')
    if (end) owed.push(end.at > due ? `ended ${how} ${(end.at - due) / 1000}` : `corrected ${verdict}`)
  } else if (verdict && end.at <= due) owed.push(verdict)
  return {
    clock: `${promise}/${start.id}`,
    lead,
    due,
    cut: cutOf(due),
    owed: history ? owed.map((what) => `historical ${what}`) : owed,
  }
}

/** What is wrong with what was told, in words. */
export interface Findings {
  /** Breaches and what follows from them that the database recorded before their cut, which is not before they were due. */
  readonly early: readonly string[]
  readonly twice: readonly string[]
  readonly lost: readonly string[]
  /** What should not have been told at all. */
  readonly wrong: readonly string[]
}

const TERMINAL = new Set(['met', 'cancelled', 'breached'])
const isTerminal = (what: string) => TERMINAL.has(what.replace('historical ', ''))

/** Holds what was told against what is owed. A deadline with two terminal facts is one told twice, whatever they say. */
export function findings(deadlines: readonly Deadline[], told: readonly Told[]): Findings {
  const [early, twice, lost, wrong] = [[], [], [], []] as [string[], string[], string[], string[]]
  const toldOf = Map.groupBy(told, ({ clock }) => clock)
  for (const { clock, due, cut, owed } of deadlines) {
    const all = toldOf.get(clock) ?? []
    const say = (what: string) =>
      `${clock}: ${what}; told: ${all.map((one) => `${one.what} at ${one.recorded - due}`).join(', ')}`
    const kinds = Map.groupBy(all, ({ what }) => what)
    for (const [what, these] of kinds) {
      if (!owed.includes(what)) wrong.push(say(what))
      if (these.length > 1) twice.push(say(what))
    }
    if (
      all.filter(({ what }) => isTerminal(what)).length > 1 &&
      ![...kinds].some(([what, { length }]) => isTerminal(what) && length > 1)
    )
      twice.push(say('two terminal facts'))
    for (const what of owed) if (!kinds.has(what)) lost.push(say(what))
    for (const { what, recorded } of all)
      if (/breached|escalated|reassigned/.test(what) && recorded < cut) early.push(say(what))
    toldOf.delete(clock)
  }
  for (const [clock, these] of toldOf)
    wrong.push(`${clock}: nobody started it; told: ${these.map(({ what }) => what).join(', ')}`)
  return { early, twice, lost, wrong }
}

/** The value below which a share of the values lies; of none of them NaN. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
