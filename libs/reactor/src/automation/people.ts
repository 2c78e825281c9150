import type { Instant } from '@funnel/events'
import type { Turn } from '../reactor.js'
import { leadKey, personKey, visitorKey } from '../ties/keys.js'
import type { Of } from '../ties/ties.js'
import type { Intended } from './intents.js'
import { withDeed, type FirstTouch, type Kept, type LeadKept, type PersonKept, type VisitorKept } from './kept.js'

export type Step = Turn<Kept, Intended>

export const visitorOf = (turn: Pick<Step, 'get'>, visitor: string): VisitorKept => ({
  leads: [],
  deeds: [],
  // of one that was tied before it did anything there are no deeds
  ...(turn.get(visitorKey(visitor)) as Partial<VisitorKept> | undefined),
})
export const personOf = (turn: Pick<Step, 'get'>, person: string): PersonKept =>
  (turn.get(personKey(person)) as PersonKept | undefined) ?? { visitors: [], leads: [], same: [] }
export const leadOf = (turn: Pick<Step, 'get'>, lead: string): LeadKept =>
  (turn.get(leadKey(lead)) as LeadKept | undefined) ?? { fields: {}, deeds: [] }

/** A visitor did something. */
export function touched({ id, type, data }: Of<'touchpoint.recorded'>, at: Instant, turn: Step): void {
  const { visitor, kind, channel, campaign, consent } = data
  const { first, ...kept } = visitorOf(turn, visitor)
  const touch: FirstTouch = {
    id,
    at,
    ...(channel !== undefined && { channel }),
    ...(campaign !== undefined && { campaign }),
  }
  const deeds = withDeed(kept.deeds, { id, type, kind, at })
  const earliest = consent?.['attribution'] !== false && (!first || at < first.at) ? touch : first
  turn.set(visitorKey(visitor), { ...kept, deeds, ...(earliest && { first: earliest }) })
}
