import type { FunnelEvent, Recorded } from '@funnel/events'
import type { DemoCommand } from './act.js'
import { atWork, DAY, HOUR } from './calendar.js'
import { marketerNamed } from './cast.js'
import { inCompany, plan } from './company.js'
import type { Company, Lead } from './state.js'
import { below, happens } from './dice.js'
import { lookAtOffer, workFirst, workLater } from './selling.js'

/** Tells the company what was recorded, in the order of the log: what was decided of its leads makes it plan. Changes it. */
export function notice(company: Company, { recorded, event }: Recorded<FunnelEvent>): void {
  const react = reactions[event.type] as Reaction<unknown> | undefined
  const lead = company.leads[(event.data as { readonly lead?: string }).lead ?? '']
  if (!react || !lead) return
  company.now = Math.max(company.now, inCompany(company, recorded))
  react(company, lead, event.data)
}

/** Tells the company that something it asked for was refused: it leaves that alone from now on. Changes it. */
export function noticeRefusal({ leads, deals }: Company, command: DemoCommand): void {
  if ('deal' in command && command.deal !== undefined) delete deals[command.deal]
  if ('lead' in command && command.lead !== undefined) delete leads[command.lead]
}

type Reaction<Data> = (company: Company, lead: Lead, data: Data) => void
type DataOf<Type extends FunnelEvent['type']> = Extract<FunnelEvent, { readonly type: Type }>['data']

const forget: Reaction<unknown> = ({ leads }, { id }) => void delete leads[id]

const reactions: { readonly [Type in FunnelEvent['type']]?: Reaction<DataOf<Type>> } = {
  'handoff.offered'(company, lead, offer) {
    lead.offers++
    lead.handoff = offer.handoff
    if (offer.fallback !== undefined) lead.fallback = offer.fallback
    lookAtOffer(company, lead, offer)
  },
  'handoff.accepted'(company, lead, { owner }) {
    delete lead.handoff
    lead.stage = 'sal'
    takeOn(company, lead, owner)
  },
  'handoff.rejected'(company, lead) {
    delete lead.handoff
    mend(company, lead)
    backToMarketing(company, lead)
  },
  'handoff.expired'(company, lead) {
    delete lead.handoff
    if (lead.fallback !== undefined && happens(company, 0.75)) takeOn(company, lead, lead.fallback)
    else backToMarketing(company, lead)
  },
  'lead.advanced'(company, lead, { stage }) {
    if (stage === 'sal' || stage === 'sql') lead.stage = stage
    workLater(company, lead)
  },
  'lead.recycled'(company, lead) {
    delete lead.seller
    delete lead.stage
    backToMarketing(company, lead)
  },
  'lead.disqualified': forget,
  'lead.converted': forget,
}

function takeOn(company: Company, lead: Lead, seller: string): void {
  lead.seller = seller
  lead.tries = 0
  workFirst(company, lead, seller)
}

/** Whoever looks after it in marketing mends what is known of a lead that sales rejected; with some it is forgotten. */
function mend(company: Company, { id, marketer }: Lead): void {
  if (happens(company, marketerNamed(marketer)?.mends ?? 0))
    plan(company, { do: 'enrich', lead: id, at: atWork(company, company.now + (1 + below(company, 20)) * HOUR) })
}

/** Marketing offers it once more after a while, or gives it up. */
function backToMarketing(company: Company, lead: Lead): void {
  const offers = lead.offers < 2 && !lead.student && happens(company, 0.35)
  const days = offers ? 3 + below(company, 9) : 6 + below(company, 14)
  plan(company, { do: offers ? 'offer' : 'care', lead: lead.id, at: atWork(company, company.now + days * DAY) })
}
