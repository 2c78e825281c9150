import type { Kpi } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Question } from './question.js'
import { isStock } from './side.js'
import type { BasisRow } from './statement.js'

/**
 * Why an answer may still change, in words; empty: it is final. It is final when it is asked as known at an instant at or
 * before the watermark and nothing is parked.
 */
export function provisional(knownAt: Instant | undefined, { w, parked }: Pick<BasisRow, 'w' | 'parked'>): string[] {
  const reasons: string[] = []
  if (knownAt === undefined) reasons.push('asked as known now: facts that are recorded later may change it')
  else if (w === null || knownAt > w)
    reasons.push(`asked as known at ${iso(knownAt)}, but complete only to ${w === null ? 'nothing yet' : iso(w)}`)
  if (parked > 0)
    reasons.push(`${parked} ${parked === 1 ? 'subject' : 'subjects'} excluded: their events could not be folded`)
  return reasons
}

/**
 * What must be said with the numbers: a flow that is asked as of an instant, be it on one side of a ratio, is not the
 * business as it stood then.
 */
export function noteOf(question: Question, kpi: Kpi, { w }: Pick<BasisRow, 'w'>): string {
  if (question.asOf === undefined || isStock(kpi.formula)) return ''
  const known = Math.min(question.knownAt ?? w ?? 0, w ?? 0)
  return `restated as known at ${iso(known)}`
}

const iso = (instant: Instant) => new Date(instant).toISOString()
