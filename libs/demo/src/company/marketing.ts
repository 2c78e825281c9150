import { DAY, HOUR, MINUTE } from './calendar.js'
import { cameBy, newLead, newPerson } from './capture.js'
import { forms, pages, sellers } from './cast.js'
import { onPlatform, plan } from './company.js'
import type { Moment } from './moment.js'
import type { Lead, Visitor } from './state.js'
import { below, byShare, happens, oneOf, spread } from './dice.js'

const signs = [
  { kind: 'form', share: 40 },
  { kind: 'reply', share: 26 },
  { kind: 'meeting-booked', share: 22 },
  { kind: 'demo-requested', share: 12 },
] as const

/** A lead shows interest of its own. */
export function engage(moment: Moment, lead: Lead): void {
  const { company, at, tell } = moment
  const { visitor } = lead
  const { kind } = byShare(company, signs)
  tell('touchpoint.recorded', {
    visitor: visitor.id,
    kind: kind === 'form' ? 'form' : 'page',
    channel: lead.tries || happens(company, 0.4) ? 'direct' : 'email',
    url: `https://www.example.com${kind === 'form' ? oneOf(company, forms).page : oneOf(company, pages)}`,
  })
  if (kind !== 'form') tell('lead.engaged', { lead: lead.id, kind })
  if (happens(company, 0.5))
    plan(company, { do: 'page', visitor, left: 1 + below(company, 3), at: at + (20 + below(company, 90)) * 1000 })
}

/** Marketing looks again at a lead that nothing came of: it is given up with a reason, or forgotten. */
export function care({ company, ask }: Moment, lead: Lead): void {
  if (lead.handoff !== undefined || lead.seller !== undefined) return
  delete company.leads[lead.id]
  if (!happens(company, lead.student ? 0.8 : 0.45)) return
  const reason = lead.student ? 'student' : lead.again ? 'duplicate' : oneOf(company, marketingGivesUp)
  ask(lead.marketer, { type: 'lead.disqualify', lead: lead.id, reason })
}

const marketingGivesUp: readonly string[] = ['not-reachable', 'too-small', 'no-need', 'competitor']

/** Marketing offers a lead again, by hand, that sales rejected or sent back, having looked after it meanwhile. */
export function offerAgain(moment: Moment, lead: Lead): void {
  const { company, at, tell, ask } = moment
  if (lead.handoff !== undefined || lead.seller !== undefined) return
  const team = lead.segment === 'enterprise' ? 'enterprise' : 'commercial'
  const { id: assignee } = oneOf(
    company,
    sellers.filter((seller) => seller.team === team),
  )
  tell('lead.engaged', { lead: lead.id, kind: 'reply' })
  ask(lead.marketer, {
    type: 'handoff.offer',
    lead: lead.id,
    handoff: `${lead.id}-${lead.offers + 1}`,
    assignee,
    deadline: onPlatform(company, at) + DAY,
    fallback: team === 'enterprise' ? 'okoye' : 'silva',
  })
}

/** A letter to some of those who wanted it; now and then one of them does not want it any more. */
export function newsletter({ company, at, tell }: Moment): void {
  plan(company, { do: 'newsletter', at: at + 7 * DAY })
  for (const person of company.people.filter(({ newsletter }) => newsletter).slice(0, 30)) {
    tell('touchpoint.recorded', {
      visitor: person.visitor.id,
      kind: 'email',
      channel: 'email',
      campaign: 'monthly-letter',
    })
    if (!happens(company, 0.02)) continue
    person.newsletter = false
    tell('person.consent-recorded', { person: person.id, purposes: { newsletter: false } })
  }
}

/** A trade show was yesterday; the badges that were scanned are brought in today. */
export function fair(moment: Moment): void {
  const { company, at, tell } = moment
  plan(company, { do: 'fair', at: at + 45 * DAY })
  for (let i = 0; i < company.visitsPerDay / 4; i++) {
    const happened = at - 16 * HOUR - below(company, 7 * 60) * MINUTE
    const visitor: Visitor = {
      id: `scan-${++company.made.visitors}`,
      channel: 'event',
      campaign: 'ops-summit',
      worth: 1.2 * spread(company, 0.3),
    }
    tell('touchpoint.recorded', { visitor: visitor.id, kind: 'event', ...cameBy(visitor) }, happened)
    const person = newPerson(moment, visitor)
    tell('visitor.identified', { visitor: visitor.id, person: person.id }, happened)
    newLead(moment, person, false, 'trade-show', happened)
  }
}
