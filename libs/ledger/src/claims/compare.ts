import type { FunnelEvent, Recorded } from '@funnel/events'
import type { Comparison } from './claim.js'
import { deal, dealOfLead, won } from './deal.js'
import { handover } from './handover.js'
import { knownFrom, type Agreed, type Known } from './known.js'
import { origin } from './origin.js'
import { owner } from './owner.js'
import { qualified } from './qualified.js'
import { stage } from './stage.js'

/**
 * What is claimed of a lead and its deals, or of a deal and its lead, question by question, and the events that decide it.
 * Empty where nothing is known of the subject. `records`, in the total order, must hold all events of the subject, of its
 * lead or deals, of the persons they ever named and of the visitors of these; to know what was known at an instant, give
 * only those that were recorded by then. Pure; but for what an event without a `sequence` leaves open, the order of
 * arrival does not matter.
 */
export function claimsOn(
  { kind, id }: Comparison['subject'],
  records: readonly Recorded<FunnelEvent>[],
  agreed: Agreed,
): readonly Comparison[] {
  const known = knownFrom(records, agreed.versions)
  if (kind === 'lead') {
    const lead = known.lead(id)
    const deals = lead?.state.deals ?? []
    return [...ofLead(id, known, agreed), ...deals.flatMap((one) => ofDeal(one, known))]
  }
  const from = known.deal(id)?.facts.findLast(({ data }) => data['lead'] !== undefined)?.data['lead']
  return [...ofDeal(id, known), ...(from === undefined ? [] : ofLead(from as string, known, agreed))]
}

function ofLead(id: string, known: Known, agreed: Agreed): Comparison[] {
  const lead = known.lead(id)
  if (!lead) return []
  return [
    ...qualified(lead, agreed),
    ...handover(lead, agreed),
    ...stage(lead, agreed),
    ...owner(lead),
    ...origin(lead, agreed),
    ...dealOfLead(lead, known, agreed),
    ...won(lead, known, agreed),
  ]
}

function ofDeal(id: string, known: Known): Comparison[] {
  const found = known.deal(id)
  return found ? deal(found) : []
}
