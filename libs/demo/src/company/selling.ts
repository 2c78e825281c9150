import type { Instant } from '@funnel/events'
import { atWork, awake, DAY, HOUR, isFriday, MINUTE } from './calendar.js'
import { reasonBy, reasons, sellerNamed, sellers, type Seller } from './cast.js'
import { inCompany, onPlatform, plan } from './company.js'
import type { Moment } from './moment.js'
import type { Company, Lead, Plans } from './state.js'
import { below, happens, oneOf, roll, spread } from './dice.js'
import { openDeal } from './dealing.js'

/** An offer that stands for longer in the company's own time, which may go faster than the platform's, is not waited for. */
const PATIENCE = 60 * DAY

/** Plans when an offer is answered, and by whom; whoever has the habit of letting it expire plans nothing. */
export function lookAtOffer(
  company: Company,
  lead: Lead,
  { assignee, queue, deadline }: { readonly assignee?: string; readonly queue?: string; readonly deadline: string },
): void {
  const by = assignee ?? oneOf(company, teamOf(queue)).id
  const { minutes, fridays, overlooks } = sellerNamed(by)
  const { now } = company
  const forgotten = happens(company, overlooks) || (fridays && isFriday(now))
  const at = soon(company, by, minutes)
  if (!forgotten && onPlatform(company, at) < Date.parse(deadline) - MINUTE)
    plan(company, { do: 'answer', lead: lead.id, handoff: lead.handoff!, seller: by, at })
  const over = Math.min(inCompany(company, Date.parse(deadline)) + DAY, now + PATIENCE)
  plan(company, { do: 'forget', lead: lead.id, handoff: lead.handoff!, at: over })
}

/** About so many minutes from now, when the seller is at work, or awake and does it in the evening. */
function soon(company: Company, seller: string, minutes: number): Instant {
  const hours = happens(company, sellerNamed(seller).evenings) ? awake : atWork
  return hours(company, hours(company, company.now) + Math.round(minutes * MINUTE * spread(company, 0.6)))
}

const teamOf = (queue: string | undefined): readonly Seller[] => {
  const team = sellers.filter((seller) => seller.team === queue)
  return team.length ? team : sellers
}

/** An offer is accepted or rejected; nobody does it for somebody who is away. */
export function answer({ company, ask }: Moment, lead: Lead, { handoff, seller: by }: Plans['answer']): void {
  if (lead.handoff !== handoff || company.away.includes(by)) return
  const { id } = lead
  if (!happens(company, chanceOfRejection(lead, by)))
    return ask(by, { type: 'handoff.accept', lead: id, handoff, owner: by })
  ask(by, { type: 'handoff.reject', lead: id, handoff, reason: whyRejected(company, lead, by) })
}

function chanceOfRejection({ student, again, visitor, offers }: Lead, by: string): number {
  if (student || again) return 0.75
  const bad = visitor.worth < 0.35 ? 5 : visitor.worth < 0.7 ? 1.6 : 1
  return Math.min(0.85, (sellerNamed(by).rejects * bad) / offers)
}

function whyRejected(company: Company, { student, again, visitor }: Lead, by: string): string {
  const { says } = sellerNamed(by)
  if (says === 'no-budget') return says
  if (says === undefined && again) return 'duplicate'
  if (says === undefined && student) return 'not-qualified'
  return reasonBy(company, by, visitor.worth < 0.35 ? ['not-qualified', 'bad-data', 'no-budget'] : reasons.rejected)
}

/** Sales works on a lead: a call or a meeting, and then it goes on, back, out, or is tried again. */
export function work(moment: Moment, lead: Lead, { happened }: Plans['work']): void {
  const { company, tell, ask } = moment
  const { id, seller, visitor } = lead
  if (seller === undefined) return
  lead.tries++
  const meets = happens(company, 0.55)
  tell('touchpoint.recorded', { visitor: visitor.id, kind: meets ? 'meeting' : 'call' }, happened)
  if (meets) tell('lead.engaged', { lead: id, kind: 'meeting-held' }, happened)
  if (lead.stage === undefined) return ask(seller, { type: 'lead.advance', lead: id, stage: 'sal' })
  if (happens(company, Math.min(0.9, 0.62 * visitor.worth ** 0.4)))
    return lead.stage === 'sal' ? ask(seller, { type: 'lead.advance', lead: id, stage: 'sql' }) : openDeal(moment, lead)
  if (lead.tries < 5 && happens(company, 0.35)) return workLater(company, lead)
  if (happens(company, 0.4))
    ask(seller, { type: 'lead.recycle', lead: id, stage: 'mql', reason: reasonBy(company, seller, reasons.recycled) })
  else ask(seller, { type: 'lead.disqualify', lead: id, reason: reasonBy(company, seller, reasons.disqualified) })
}

/** Somebody in sales has a lead now, and calls. */
export function workFirst(company: Company, lead: Lead, seller: string): void {
  const { calls, putsOff } = sellerNamed(seller)
  if (happens(company, putsOff)) workLater(company, lead, 3)
  else workAt(company, lead, soon(company, seller, calls))
}

export function workLater(company: Company, lead: Lead, days = 4): void {
  workAt(company, lead, atWork(company, company.now + Math.round((0.3 + roll(company)) * days * DAY)))
}

/** What was said is often entered on the next day. */
function workAt(company: Company, { id }: Lead, happened: Instant): void {
  const at = happens(company, 0.25) ? atWork(company, happened + (4 + below(company, 20)) * HOUR) : happened
  plan(company, { do: 'work', lead: id, at, happened })
}

/** A seller goes on vacation and comes back after one or two weeks. */
export function leave({ company, at, ask }: Moment, seller: string): void {
  const { id, team } = sellerNamed(seller)
  company.away.push(id)
  ask(id, { type: 'queue.leave', queue: team, member: id, reason: 'vacation' })
  plan(company, { do: 'return', seller: id, at: atWork(company, at + oneOf(company, [7, 14]) * DAY) })
}

export function comeBack({ company, at, ask }: Moment, seller: string): void {
  const { id, team } = sellerNamed(seller)
  company.away = company.away.filter((one) => one !== id)
  ask(id, { type: 'queue.return', queue: team, member: id })
  plan(company, { do: 'leave', seller: id, at: at + (60 + below(company, 60)) * DAY })
}

/** Sales tells marketing what it heard from customers; not every month. */
export function insight({ company, at, tell }: Moment): void {
  plan(company, { do: 'insight', at: atWork(company, at + 45 * DAY) })
  tell('insight.shared', { subject: 'sales', report: 'what-customers-say', owner: 'okoye' })
}
