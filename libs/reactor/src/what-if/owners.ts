import { typeOf, type FunnelEvent } from '@funnel/events'

/** Whom an offer of a lead was made to, and who would get it without an answer: as it was, and as it would be. */
export interface Offer {
  readonly handoff: string
  /** Absent: it was, or would be, offered to the queue, as nobody in it could take the lead. */
  readonly live?: string | undefined
  readonly other?: string | undefined
  readonly fallback: { readonly live?: string | undefined; readonly other?: string | undefined }
}

/**
 * Who would have leads if they had been offered to others: whoever got an offer does what the one did to whom it was made.
 * What others did stays theirs, as that of a colleague who accepted.
 */
export class Owners {
  readonly #offers = new Map<string, Offer>()
  /** Who has a lead, and who would. */
  readonly #owners = new Map<string, { readonly live: string; readonly other: string }>()

  offered(lead: string, offer: Offer | undefined): void {
    if (offer) this.#offers.set(lead, offer)
    else this.#offers.delete(lead)
  }

  /** An event of a lead with the owner that it would have named. */
  under<Event extends FunnelEvent>(event: Event): Event {
    if (typeOf(event.type)!.category !== 'lead') return event
    const { lead, owner, handoff } = event.data as Readonly<Record<string, string | undefined>>
    const offer = this.#offers.get(lead!)
    if (offer && offer.handoff === handoff) {
      const { live, other, fallback } = offer
      if (event.type === 'handoff.accepted' && (live === undefined || live === owner)) this.#has(lead!, owner, other)
      if (event.type === 'handoff.expired') this.#has(lead!, fallback.live, fallback.other)
    }
    const known = this.#owners.get(lead!)
    if (owner === undefined || !known) return event
    if (owner === known.live) return { ...event, data: { ...event.data, owner: known.other } }
    this.#owners.delete(lead!)
    return event
  }

  #has(lead: string, live: string | undefined, other: string | undefined): void {
    if (live !== undefined && other !== undefined) this.#owners.set(lead, { live, other })
  }
}
