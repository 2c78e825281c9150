import type { Instant } from '@funnel/events'
import { unmetParts } from '../condition/in-words.js'
import { deedsFor, type Engagement, type LeadFacts, type Qualification } from './qualification.js'

/**
 * What a lead lacks to meet the rule at an instant, in words: the parts of the fit that do not hold, with the values that
 * are known, and the engagement, with how often it was shown. Empty exactly where `qualifies` names events. Pure.
 */
export function missingFor(
  { fit, engagement }: Qualification,
  { fields, events }: LeadFacts,
  at: Instant,
): readonly string[] {
  const short = (way: Engagement) => deedsFor(way, events, at).length < (way.at_least ?? 1)
  const said = (way: Engagement) => `${wayInWords(way)} (so far ${deedsFor(way, events, at).length})`
  const lacking =
    'any' in engagement
      ? engagement.any.every(short)
        ? [engagement.any.map(said).join(', or ')]
        : []
      : engagement.all.filter(short).map(said)
  return [...unmetParts(fit, (field) => fields.get(field)?.value), ...lacking]
}

function wayInWords({ event, kind, at_least: least = 1, within }: Engagement): string {
  const kinds = kind === undefined ? 'of any kind' : kind.join(' or ')
  return `${least} × ${event} ${kinds}${within === undefined ? '' : ` within ${within}`}`
}
