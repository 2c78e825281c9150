import { atWork, DAY } from './calendar.js'
import { dealStages, products, reasonBy, reasons, segments, sellerNamed } from './cast.js'
import { onPlatform, plan } from './company.js'
import type { Moment } from './moment.js'
import type { Company, Deal, Lead } from './state.js'
import { below, happens, oneOf, roll, spread } from './dice.js'

const LAST = dealStages.length - 1

/** A deal is opened, and with it the lead is converted. */
export function openDeal(moment: Moment, lead: Lead): void {
  const { company, ask } = moment
  const { amount } = segments.find(({ id }) => id === lead.segment)!
  const deal: Deal = {
    id: `deal-${++company.made.deals}`,
    lead: lead.id,
    person: lead.person,
    seller: lead.seller!,
    worth: lead.visitor.worth,
    stage: 0,
    minor: priced(amount * spread(company, 0.5)),
  }
  company.deals[deal.id] = deal
  ask(deal.seller, {
    type: 'deal.open',
    deal: deal.id,
    lead: lead.id,
    person: lead.person,
    ...(lead.account !== undefined && { account: lead.account }),
    owner: deal.seller,
    stage: dealStages[0],
    amount: amountOf(deal),
    properties: { product: oneOf(company, products) },
  })
  ask(deal.seller, { type: 'lead.convert', lead: lead.id, deal: deal.id })
  expectClose(moment, deal, 35)
  later(company, deal, 4)
}

/** Whole hundreds of dollars, as offers are. */
const priced = (minor: number): number => Math.max(10_000, Math.round(minor / 10_000) * 10_000)

const amountOf = ({ minor }: Deal) => ({ minor, currency: 'USD' })

function expectClose({ company, at, ask }: Moment, { id, seller }: Deal, days: number): void {
  const day = new Date(onPlatform(company, at) + Math.round(days * (0.6 + roll(company))) * DAY)
  ask(seller, { type: 'deal.expect-close', deal: id, day: day.toISOString().slice(0, 10) })
}

function later(company: Company, { id }: Deal, days: number): void {
  const at = company.now + Math.round((0.4 + 1.2 * roll(company)) * days * DAY)
  plan(company, { do: 'deal', deal: id, at: atWork(company, at) })
}

/** The next thing that happens to a deal. */
export function workDeal(moment: Moment, deal: Deal): void {
  const { company, ask } = moment
  const { id, seller } = deal
  const turn = roll(company)
  if (turn < 0.12) {
    deal.minor = priced(deal.minor * spread(company, 0.2) + 10_000)
    ask(seller, { type: 'deal.change-amount', deal: id, amount: amountOf(deal) })
  } else if (turn < 0.22) {
    const role = oneOf(company, ['decision-maker', 'finance', 'user'])
    const person = `person-${++company.made.people}`
    ask(seller, { type: 'deal.add-contact', deal: id, person, role })
  } else if (deal.stage < LAST && happens(company, 0.82)) {
    ask(seller, { type: 'deal.move', deal: id, stage: dealStages[++deal.stage]! })
    if (happens(company, 0.5)) expectClose(moment, deal, 20)
  } else return close(moment, deal)
  later(company, deal, 5)
}

function close(moment: Moment, deal: Deal): void {
  const { company, at, ask } = moment
  const { id, seller, stage, worth } = deal
  const { closes } = sellerNamed(seller)
  const chance = Math.min(0.85, (stage === LAST ? 0.48 : 0.08) * worth ** 0.6 * closes)
  if (happens(company, chance)) {
    ask(seller, { type: 'deal.win', deal: id, amount: amountOf(deal) })
    // the CRM says it of the lead
    plan(company, { do: 'celebrate', lead: deal.lead, at: at + 60_000 })
  } else ask(seller, { type: 'deal.lose', deal: id, reason: reasonBy(company, seller, reasons.lost) })
  if (happens(company, 0.07))
    plan(company, { do: 'reopen', deal: id, at: atWork(company, at + (3 + below(company, 15)) * DAY) })
  else delete company.deals[id]
}

export function celebrate({ tell }: Moment, lead: string): void {
  tell('lead.stage-entered', { lead, stage: 'customer' })
}

/** What seemed closed is not: a lost customer comes back, or a won one goes back on it. */
export function reopen({ company, ask }: Moment, deal: Deal): void {
  deal.stage = LAST
  ask(deal.seller, { type: 'deal.reopen', deal: deal.id, stage: dealStages[deal.stage]! })
  later(company, deal, 8)
}
