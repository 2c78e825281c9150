import { derivedId, type Instant } from '@funnel/events'
import {
  channels,
  dealStages,
  disqualified,
  leadStages,
  lossReasons,
  marketers,
  pages,
  products,
  segments,
  sellers,
} from './company.js'
import { below, byShare, happens, oneOf, spread, type Dice } from './random.js'

/** An event as the public door takes it. */
export interface DemoEvent {
  readonly id: string
  readonly type: string
  readonly time: string
  readonly data: Readonly<Record<string, unknown>>
}

interface Visitor {
  readonly id: string
  readonly channel: string
  readonly campaign?: string
}
interface Lead {
  readonly id: string
  readonly person: string
  readonly channel: string
  readonly segment: string
  /** Index of the stage it is in; −1: captured only. */
  stage: number
}
interface Deal {
  readonly id: string
  readonly lead: string
  readonly channel: string
  readonly owner: string
  stage: number
  minor: number
}

/** The company at one moment: plain JSON, so that it can be saved and gone on with. Its pools are bounded. */
export interface Company extends Dice {
  /** Steps done; part of every event's id. */
  steps: number
  readonly name: string
  made: { visitors: number; leads: number; deals: number }
  visitors: Visitor[]
  leads: Lead[]
  deals: Deal[]
  /** Lately closed, for the few that are opened again. */
  closed: Deal[]
}

const POOL = { visitors: 150, leads: 220, deals: 90, closed: 20 } as const

/** The company before anything happened. `name` keeps the ids of one demo apart from those of another. */
export const founded = (name: string, seed: number): Company => ({
  name,
  seed,
  steps: 0,
  made: { visitors: 0, leads: 0, deals: 0 },
  visitors: [],
  leads: [],
  deals: [],
  closed: [],
})

/**
 * What happens next in the company: one to four events within three seconds of `time`. Changes the company.
 * The same company and times give the same events. `calm` (0 to 1) is the chance that it is but a visit to the site.
 */
export function step(company: Company, time: Instant, calm: number): DemoEvent[] {
  const events: DemoEvent[] = []
  const { name, steps } = company
  const emit: Emit = (type, data) => {
    const n = events.length
    events.push({
      id: derivedId('demo', name, steps, n),
      type,
      time: new Date(time + n * 700 + below(company, 500)).toISOString(),
      data,
    })
  }
  if (happens(company, calm)) visit(company, emit)
  else happening(company, emit)
  company.steps++
  return events
}

type Emit = (type: string, data: Readonly<Record<string, unknown>>) => void

function happening(company: Company, emit: Emit): void {
  // the fuller a pool, the more happens to it: so the pools find their own size
  const weights = [
    { share: company.visitors.length ? 22 : 0, act: capture },
    { share: company.leads.length / 2, act: workLead },
    { share: company.deals.length / 1.3, act: workDeal },
    { share: company.closed.length ? 0.4 : 0, act: reopen },
  ]
  if (weights.every(({ share }) => share === 0)) visit(company, emit)
  else byShare(company, weights).act(company, emit)
}

function visit(company: Company, emit: Emit): void {
  const returning = company.visitors.length > 20 && happens(company, 0.55)
  const visitor = returning ? oneOf(company, company.visitors) : newVisitor(company)
  const page = oneOf(company, pages)
  const paid = visitor.channel.startsWith('paid_') && !returning
  emit('touchpoint.recorded', {
    visitor: visitor.id,
    kind: paid ? 'ad-click' : visitor.channel === 'event' && !returning ? 'event' : 'page',
    ...channelOf(returning && happens(company, 0.5) ? { channel: 'direct' } : visitor),
    url: `https://www.example.com${page}`,
  })
}

const channelOf = ({ channel, campaign }: Pick<Visitor, 'channel' | 'campaign'>) => ({
  channel,
  ...(campaign === undefined ? {} : { campaign }),
})

function newVisitor(company: Company): Visitor {
  const channel = byShare(company, channels)
  const campaign = channel.campaigns.length ? oneOf(company, channel.campaigns) : undefined
  const visitor = {
    id: `visitor-${++company.made.visitors}`,
    channel: channel.id,
    ...(campaign === undefined ? {} : { campaign }),
  }
  company.visitors.push(visitor)
  if (company.visitors.length > POOL.visitors) company.visitors.splice(below(company, 40), 1)
  return visitor
}

function capture(company: Company, emit: Emit): void {
  const visitor = take(company, company.visitors)
  const number = ++company.made.leads
  const person = `person-${number}`
  const segment = byShare(company, segments)
  const lead: Lead = { id: `lead-${number}`, person, channel: visitor.channel, segment: segment.id, stage: -1 }
  const demo = happens(company, 0.4)
  emit('touchpoint.recorded', {
    visitor: visitor.id,
    kind: 'form',
    ...channelOf(visitor),
    url: `https://www.example.com/${demo ? 'demo' : 'signup'}`,
  })
  emit('visitor.identified', { visitor: visitor.id, person })
  emit('lead.captured', {
    lead: lead.id,
    person,
    visitor: visitor.id,
    owner: oneOf(company, marketers),
    properties: { origin: demo ? 'demo-request' : 'signup', segment: segment.id },
  })
  company.leads.push(lead)
  if (company.leads.length > POOL.leads) lose(company, take(company, company.leads), emit)
}

function workLead(company: Company, emit: Emit): void {
  const lead = oneOf(company, company.leads)
  const goesOn = Math.min(0.9, (lead.stage < 1 ? 0.7 : 0.78) * qualityOf(lead.channel) ** 0.5)
  if (!happens(company, goesOn)) {
    remove(company.leads, lead)
    return lose(company, lead, emit)
  }
  lead.stage++
  emit('lead.stage-entered', {
    lead: lead.id,
    stage: leadStages[lead.stage],
    ...(lead.stage === 1 ? { owner: oneOf(company, sellers) } : {}),
  })
  if (lead.stage === leadStages.length - 1) {
    remove(company.leads, lead)
    openDeal(company, lead, emit)
  }
}

const lose = (company: Company, { id }: Lead, emit: Emit) =>
  emit('lead.stage-entered', { lead: id, stage: 'disqualified', reason: oneOf(company, disqualified) })

function openDeal(company: Company, lead: Lead, emit: Emit): void {
  const usual = segments.find(({ id }) => id === lead.segment)!.amount
  const deal: Deal = {
    id: `deal-${++company.made.deals}`,
    lead: lead.id,
    channel: lead.channel,
    owner: oneOf(company, sellers),
    stage: 0,
    // whole hundreds of dollars, as offers are
    minor: Math.max(10_000, Math.round((usual * spread(company, 0.5)) / 10_000) * 10_000),
  }
  emit('deal.opened', {
    deal: deal.id,
    lead: lead.id,
    person: lead.person,
    stage: dealStages[0],
    amount: money(deal),
    owner: deal.owner,
    properties: { product: oneOf(company, products) },
  })
  company.deals.push(deal)
  if (company.deals.length > POOL.deals) closeDeal(company, take(company, company.deals), emit)
}

const money = ({ minor }: Deal) => ({ minor, currency: 'USD' })

function workDeal(company: Company, emit: Emit): void {
  const deal = oneOf(company, company.deals)
  if (happens(company, 0.15)) {
    deal.minor = Math.max(10_000, Math.round((deal.minor * spread(company, 0.15)) / 10_000) * 10_000)
    emit('deal.amount-changed', { deal: deal.id, amount: money(deal) })
  } else if (deal.stage < dealStages.length - 1 && happens(company, 0.75)) {
    deal.stage++
    emit('deal.stage-entered', { deal: deal.id, stage: dealStages[deal.stage] })
  } else {
    remove(company.deals, deal)
    closeDeal(company, deal, emit)
  }
}

function closeDeal(company: Company, deal: Deal, emit: Emit): void {
  const chance = Math.min(0.85, (deal.stage === dealStages.length - 1 ? 0.5 : 0.12) * qualityOf(deal.channel) ** 0.6)
  if (happens(company, chance)) {
    emit('deal.won', { deal: deal.id, amount: money(deal) })
    emit('lead.stage-entered', { lead: deal.lead, stage: 'customer' })
  } else emit('deal.lost', { deal: deal.id, reason: oneOf(company, lossReasons) })
  company.closed.push(deal)
  if (company.closed.length > POOL.closed) company.closed.shift()
}

function reopen(company: Company, emit: Emit): void {
  const deal = take(company, company.closed)
  deal.stage = dealStages.length - 1
  company.deals.push(deal)
  emit('deal.reopened', { deal: deal.id, stage: dealStages[deal.stage] })
}

const qualityOf = (channel: string) => channels.find(({ id }) => id === channel)?.quality ?? 1

function take<T>(dice: Dice, list: T[]): T {
  return list.splice(below(dice, list.length), 1)[0]!
}

function remove<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1)
}
