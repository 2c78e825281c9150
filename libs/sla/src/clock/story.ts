import type { Instant } from '@funnel/events'
import { byOccurrence, type Fact, type Start } from './fact.js'
import type { Terms, TimeOf } from './terms.js'

const HOUR = 3_600_000
const GRACE = 5000

/** An instant that a clock comes to unless something happens before: a warning or a level of escalation, or the due time. */
export interface Mark {
  readonly kind: 'warned' | 'breached' | 'escalated'
  /** Which of the warnings or escalations of the terms; 0 for the due time. */
  readonly level: number
  readonly at: Instant
  readonly terms: Terms
  /** Facts recorded up to this instant decide whether it came to that. */
  readonly cut: Instant
}

/** What happened to a clock, as far as it is known. */
export interface Story {
  readonly start: Start
  /** The start came to be known late or with an import: nobody is to be told. */
  readonly historical: boolean
  readonly marks: readonly Mark[]
  readonly missed: Mark | undefined
  readonly state: 'running' | 'paused' | 'stopped' | 'cancelled'
  /** The fact that stopped or cancelled it. */
  readonly end: Fact | undefined
  /** The instant that what follows is counted up to: of the last fact that counts. */
  readonly at: Instant
  readonly terms: Terms
  /** Time that counted while it ran, and the part of it after the due time. */
  readonly used: number
  readonly late: number
}

/**
 * The one tie rule: what happens at the very instant of a mark happens in time. A stop at the due time fulfils the
 * promise, and a pause then leaves it standing.
 */
const isPassed = (mark: Instant, next: Instant): boolean => mark < next

/**
 * The story that facts tell, whatever the order they came in: they are put in the order of what happened. Undefined
 * without a start. What happened before the first start, after the end, or has no effect (a pause while paused, a second
 * start) is left alone. Time does not count while paused, so a pause is there whatever happens to the terms. Other terms
 * go on from the time used so far: a target that is used up by then is due at once. What was missed stays so under other
 * terms. Throws INVALID where a calendar never has the time that a target takes.
 */
export function tell(facts: Iterable<Fact>, timeOf: TimeOf): Story | undefined {
  const ordered = [...facts].sort(byOccurrence)
  const first = ordered.findIndex(({ type }) => type === 'start')
  const start = ordered[first]
  if (start?.type !== 'start') return undefined
  const historical = start.imported === true || start.recorded - start.occurred > HOUR
  // what comes with it, as the next rows of an import, may hold the answer
  const walk = new Walk(start, historical ? start.recorded + HOUR : start.recorded, timeOf)
  for (const fact of ordered.slice(first + 1)) walk.come(fact)
  return { ...walk.told(), historical }
}

/** Goes through a story from fact to fact. */
class Walk {
  readonly #start: Start
  readonly #timeOf: TimeOf
  readonly #marks: Mark[] = []
  #state: Story['state'] = 'running'
  #end: Fact | undefined
  #at: Instant
  #terms: Terms
  #known: Instant
  #used = 0
  #late = 0

  constructor(start: Start, known: Instant, timeOf: TimeOf) {
    this.#start = start
    this.#timeOf = timeOf
    this.#at = start.occurred
    this.#terms = start.terms
    this.#known = known
  }

  come(fact: Fact): void {
    const { type } = fact
    const isOpen = this.#state === 'running' || this.#state === 'paused'
    if (!isOpen || type === 'start') return
    if (type === (this.#state === 'paused' ? 'pause' : 'resume')) return
    if (this.#state === 'running') this.#runTo(fact.occurred)
    this.#at = fact.occurred
    this.#known = Math.max(this.#known, fact.recorded)
    if (type === 'retarget') this.#terms = fact.terms
    else if (type === 'pause') this.#state = 'paused'
    else if (type === 'resume') this.#state = 'running'
    else {
      this.#state = type === 'stop' ? 'stopped' : 'cancelled'
      this.#end = fact
    }
  }

  told(): Omit<Story, 'historical'> {
    if (this.#state === 'running') this.#markUpTo(Infinity)
    return {
      start: this.#start,
      marks: this.#marks,
      missed: this.#missed,
      state: this.#state,
      end: this.#end,
      at: this.#at,
      terms: this.#terms,
      used: this.#used,
      late: this.#late,
    }
  }

  get #missed(): Mark | undefined {
    return this.#marks.find(({ kind }) => kind === 'breached')
  }

  #runTo(next: Instant): void {
    this.#markUpTo(next)
    const time = this.#timeOf(this.#terms)
    const missed = this.#missed
    this.#used += time.between(this.#at, next)
    if (missed) this.#late += time.between(Math.max(this.#at, missed.at), next)
  }

  #markUpTo(next: Instant): void {
    const { target, warnings, escalations } = this.#terms
    const time = this.#timeOf(this.#terms)
    const wasMissed = this.#missed
    if (!wasMissed) {
      const reaches = (used: number) => time.add(this.#at, Math.max(0, used - this.#used))
      for (const [level, before] of warnings.entries())
        if (before < target) this.#mark('warned', level, reaches(target - before), next)
      this.#mark('breached', 0, reaches(target), next)
    }
    const missed = this.#missed
    if (!missed) return
    const from = Math.max(this.#at, missed.at)
    for (const [level, after] of escalations.entries())
      this.#mark('escalated', level, time.add(from, Math.max(0, after - this.#late)), next)
  }

  /** Each level once. */
  #mark(kind: Mark['kind'], level: number, at: Instant, next: Instant): void {
    const terms = this.#terms
    if (!isPassed(at, next) || this.#marks.some((mark) => mark.kind === kind && mark.level === level)) return
    this.#marks.push({ kind, level, at, terms, cut: Math.max(at, this.#known) + (terms.grace ?? GRACE) })
  }
}
