import { describe, expect, it } from '@jest/globals'
import type { FunnelEvent } from '@funnel/events'
import { Owners, type Offer } from './owners.js'

const offer: Offer = { handoff: 'h', live: 'sam', other: 'tom', fallback: { live: 'mona', other: 'nora' } }
const event = (type: FunnelEvent['type'], data: object) => ({ type, data: { lead: 'l', ...data } }) as FunnelEvent
/** Whom events would name. */
function ownersUnder(made: Offer | undefined, ...events: readonly FunnelEvent[]): (string | undefined)[] {
  const owners = new Owners()
  owners.offered('l', made)
  return events.map((one) => (owners.under(one).data as { readonly owner?: string }).owner)
}
const accepted = (owner: string, handoff = 'h') => event('handoff.accepted', { handoff, owner })
const assigned = (owner: string) => event('lead.assigned', { owner })

describe('row N15: owners as they would be', () => {
  it('are those to whom leads would have been offered, until somebody else gets the lead', () => {
    const later = [assigned('sam'), event('lead.enriched', { owner: 'sam' }), assigned('ann'), assigned('sam')]
    expect(ownersUnder(offer, accepted('sam'), ...later)).toEqual(['tom', 'tom', 'tom', 'ann', 'sam'])
  })

  it('are who accepted in the place of another, and who did what nobody was named for', () => {
    expect(ownersUnder(offer, accepted('ann'), assigned('ann'))).toEqual(['ann', 'ann'])
    expect(ownersUnder({ ...offer, live: undefined }, accepted('ann'), assigned('ann'))).toEqual(['tom', 'tom'])
    expect(ownersUnder({ ...offer, other: undefined }, accepted('sam'))).toEqual(['sam'])
  })

  it('are the fallback of the other rule where nobody answered', () => {
    const expired = event('handoff.expired', { handoff: 'h' })
    expect(ownersUnder(offer, expired, assigned('mona'))).toEqual([undefined, 'nora'])
  })

  it('stay who they were after an offer that no routing made, or another one', () => {
    expect(ownersUnder(undefined, accepted('sam'))).toEqual(['sam'])
    expect(ownersUnder(offer, accepted('sam', 'other'))).toEqual(['sam'])
  })
})
