import type { Instant } from '@funnel/events'
import { atWork, DAY, MINUTE } from './calendar.js'
import { companyName, forms, marketers, roles, segments, wantsPrize } from './cast.js'
import { keep, plan } from './company.js'
import type { Moment } from './moment.js'
import type { Account, Company, Lead, Person, Visitor } from './state.js'
import { below, byShare, happens, oneOf, roll, spread } from './dice.js'

/** A visitor fills in a form and becomes a lead; some have been one before. */
export function capture(moment: Moment, visitor: Visitor): void {
  const { company, tell } = moment
  const again = company.people.length > 10 && happens(company, 0.05)
  const form = wantsPrize(visitor.campaign) ? prize : byShare(company, forms)
  const person = again ? oneOf(company, company.people) : newPerson(moment, visitor)
  const { id, visitor: browser } = person
  tell('touchpoint.recorded', {
    visitor: browser.id,
    kind: 'form',
    ...cameBy(browser),
    url: `https://www.example.com${form.page}`,
  })
  if (!again) tell('visitor.identified', { visitor: visitor.id, person: id })
  const lead = newLead(moment, person, again, form.origin)
  tell('person.consent-recorded', { person: id, purposes: { newsletter: person.newsletter } })
  if (form.origin === 'demo-request') tell('lead.engaged', { lead: lead.id, kind: 'demo-requested' })
}

const prize = { origin: 'prize-draw', page: '/win' }

export function newPerson({ company }: Moment, visitor: Visitor): Person {
  const account =
    company.accounts.length > 5 && happens(company, 0.25) ? oneOf(company, company.accounts).id : undefined
  const person: Person = {
    id: `person-${++company.made.people}`,
    visitor,
    ...(account !== undefined && { account }),
    newsletter: happens(company, 0.6),
  }
  keep(company, company.people, person, 1.5)
  return person
}

/** As touches say by what a visitor came. */
export const cameBy = ({ channel, campaign }: Visitor) => ({ channel, ...(campaign !== undefined && { campaign }) })

/** A person becomes a lead, with what the form says of it; more of it follows by itself. `happened`: where it is told late. */
export function newLead(moment: Moment, person: Person, again: boolean, origin: string, happened?: Instant): Lead {
  const { company, at, tell } = moment
  const { id: segment, employees } = byShare(company, segments)
  const student = happens(company, origin === 'prize-draw' ? 0.4 : 0.05)
  const lead: Lead = {
    id: `lead-${++company.made.leads}`,
    person: person.id,
    visitor: person.visitor,
    segment,
    again,
    student,
    marketer: oneOf(company, marketers).id,
    offers: 0,
    tries: 0,
  }
  company.leads[lead.id] = lead
  const known = happens(company, 0.65)
  tell(
    'lead.captured',
    {
      lead: lead.id,
      person: person.id,
      visitor: person.visitor.id,
      owner: lead.marketer,
      properties: {
        origin,
        role: student ? oneOf(company, ['student', 'job-seeker']) : oneOf(company, roles),
        ...(known && { segment, employees: peopleOf(company, employees) }),
      },
    },
    happened,
  )
  if (!known || happens(company, 0.3))
    plan(company, { do: 'enrich', lead: lead.id, at: at + (5 + below(company, 1200)) * MINUTE })
  let sign = at
  while (happens(company, Math.min(0.85, 0.42 * person.visitor.worth ** 0.6))) {
    sign += Math.floor((0.1 + roll(company) * 4) * DAY)
    plan(company, { do: 'engage', lead: lead.id, at: atWork(company, sign) })
  }
  plan(company, { do: 'care', lead: lead.id, at: atWork(company, sign + (10 + below(company, 14)) * DAY) })
  return lead
}

/** More becomes known of a lead: how large its company is, and which. */
export function enrich(moment: Moment, lead: Lead): void {
  const { company, tell } = moment
  const { account, person } = lead
  const known = company.accounts.find(
    ({ id }) => id === (account ?? company.people.find(({ id }) => id === person)?.account),
  )
  const found = known ?? (happens(company, 0.7) && !lead.student ? newAccount(moment, lead.segment) : undefined)
  if (found) lead.account = found.id
  tell('lead.enriched', {
    lead: lead.id,
    ...(found && { account: found.id }),
    properties: found
      ? { segment: found.segment, employees: found.employees, domain: found.domain }
      : { segment: lead.segment },
  })
}

function newAccount({ company, tell }: Moment, segment: string): Account {
  const number = ++company.made.accounts
  const name = companyName(number)
  const account: Account = {
    id: `account-${number}`,
    domain: `${name.toLowerCase()}-${number}.example`,
    segment,
    employees: peopleOf(company, segments.find(({ id }) => id === segment)!.employees),
  }
  keep(company, company.accounts, account, 0.6)
  tell('account.recorded', {
    account: account.id,
    company: name,
    domains: [account.domain],
    properties: { segment, employees: account.employees },
  })
  return account
}

const peopleOf = (company: Company, usual: number): number => Math.max(1, Math.round(usual * spread(company, 0.4)))
