import type { ValueOf } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { leadKey, visitorKey } from '../ties/keys.js'
import { behind, type Of } from '../ties/ties.js'
import type { Step } from './intents.js'
import type { LeadKept, VisitorKept } from './kept.js'

/** Keeps the first touch of a visitor that may be attributed. */
export function touched({ data }: Of<'touchpoint.recorded'>, at: Instant, turn: Step): void {
  const { visitor, channel, campaign, consent } = data
  const key = visitorKey(visitor)
  const kept: VisitorKept = { leads: [], ...(turn.get(key) as VisitorKept | undefined) }
  if (consent?.['attribution'] === false || (kept.first && kept.first.at <= at)) return
  const first = { at, ...(channel !== undefined && { channel }), ...(campaign !== undefined && { campaign }) }
  turn.set(key, { ...kept, first })
}

/** What is known of a lead: its own fields, and its first touch as that of the first of its visitors. */
export const valuesOf =
  (lead: string, turn: Pick<Step, 'get'>): ValueOf =>
  (field) => {
    if (!field.startsWith('first-touch.'))
      return (turn.get(leadKey(lead)) as LeadKept | undefined)?.fields[field]?.value
    const visitors = [...behind(lead, turn.get)].filter((key) => key.startsWith(visitorKey('')))
    const touches = visitors.flatMap((key) => (turn.get(key) as VisitorKept | undefined)?.first ?? [])
    const first = touches.toSorted((a, b) => a.at - b.at)[0]
    return field === 'first-touch.channel' ? first?.channel : first?.campaign
  }
