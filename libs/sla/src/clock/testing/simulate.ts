import type { BusinessTime } from '../../calendar/calendar.js'
import type { Fact } from '../fact.js'
import type { Verdict } from '../verdict.js'

// The fate of a clock, found by living through it millisecond by millisecond. It shares nothing with the implementation.

/** Whether a millisecond counts, by calendar. Numbers are small: a day of `shift` has 10 ms, the first 6 of which count. */
export const counts: Readonly<Record<string, (ms: number) => boolean>> = {
  wall: () => true,
  shift: (ms) => ms % 10 < 6,
}

/** Such a calendar as business time, by trying. */
export const tried = (calendar: string): BusinessTime => {
  const isOpen = counts[calendar]!
  return {
    add(from, budget) {
      let [at, left] = [from, budget]
      for (; left > 0; at++) if (isOpen(at)) left--
      return at
    },
    between(from, to) {
      let sum = 0
      for (let at = Math.min(from, to); at < Math.max(from, to); at++) if (isOpen(at)) sum++
      return from <= to ? sum : -sum
    },
  }
}

const order = ['start', 'stop', 'cancel', 'retarget', 'resume', 'pause']

/** The verdict when all is known: its outcome, due time, end and times. Facts of one kind and instant count by id. */
export function simulate(facts: readonly Fact[], until: number): Record<string, unknown> {
  let [running, used, late] = [false, 0, 0]
  let start: Extract<Fact, { type: 'start' }> | undefined
  let terms: { target: number; calendar?: string; policy: string } | undefined
  let due: number | undefined
  let duePolicy: string | undefined
  let end: Fact | undefined
  for (let ms = 0; ms <= until && !end; ms++) {
    for (const type of order)
      for (const fact of facts
        .filter((f) => f.type === type && f.occurred === ms)
        .sort((a, b) => (a.id < b.id ? -1 : 1))) {
        if (!start) {
          if (fact.type !== 'start') continue
          start = fact
          terms = fact.terms
          running = true
        }
        if (end) break
        if (fact.type === 'retarget') terms = fact.terms
        if (fact.type === 'pause') running = false
        if (fact.type === 'resume') running = true
        if (fact.type === 'stop' || fact.type === 'cancel') end = fact
      }
    if (!terms || !running || end) continue
    if (due === undefined && used >= terms.target) {
      due = ms
      duePolicy = terms.policy
    }
    if (!counts[terms.calendar!]!(ms)) continue
    used++
    if (due !== undefined) late++
  }
  const ended = end && { by: end.id, at: end.occurred, used }
  if (due !== undefined)
    return {
      outcome: 'breached',
      policy: duePolicy,
      due,
      start: start!.id,
      ...(ended && { ended: { how: end!.type === 'stop' ? 'stopped' : 'cancelled', ...ended, lateness: late } }),
    }
  if (!ended) return { outcome: 'open' }
  return { outcome: end!.type === 'stop' ? 'met' : 'cancelled', policy: terms!.policy, start: start!.id, ...ended }
}

/** What a verdict says of that. */
export function toldBy(verdict: Verdict): Record<string, unknown> {
  if (verdict.outcome === 'open') return { ...verdict }
  const { historical: _, calendar: __, ...rest } = verdict
  return rest
}
