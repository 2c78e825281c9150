import type { Instant } from '@funnel/events'
import { DAY, HOUR } from './calendar.js'
import { sellers } from './cast.js'
import { below } from './dice.js'
import type { Company, Plan } from './state.js'

export interface Founding {
  /** Keeps the ids of one demo apart from those of another. */
  readonly name: string
  readonly seed: number
  readonly at: Instant
  /** 40, the default, give about 240 events a day. */
  readonly visitsPerDay?: number
}

/** The company before anything happened. The same founding and the same news give the same acts. */
export function founded({ name, seed, at, visitsPerDay = 40 }: Founding): Company {
  const company: Company = {
    name,
    seed,
    visitsPerDay,
    founded: at,
    clock: { own: at, platform: at, pace: 1 },
    now: at,
    made: { acts: 0, visitors: 0, people: 0, accounts: 0, leads: 0, deals: 0 },
    plans: [],
    visitors: [],
    people: [],
    accounts: [],
    leads: {},
    deals: {},
    away: [],
  }
  plan(company, { do: 'visit', at })
  plan(company, { do: 'newsletter', at: at + 3 * DAY + 9 * HOUR })
  plan(company, { do: 'fair', at: at + 20 * DAY })
  plan(company, { do: 'insight', at: at + 22 * DAY })
  for (const { id } of sellers) plan(company, { do: 'leave', seller: id, at: at + below(company, 80) * DAY })
  return company
}

/** Puts something on the list of what is to be done; of two at one instant the one that was planned first comes first. */
export function plan(company: Company, next: Plan): void {
  const { plans } = company
  let low = 0
  let high = plans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (plans[middle]!.at <= next.at) high = middle
    else low = middle + 1
  }
  plans.splice(low, 0, next)
}

/** From now on the company's time goes so many times as fast as the platform's, on from where it stands. */
export function setPace(company: Company, platform: Instant, pace: number): void {
  company.clock = { own: company.now, platform, pace }
}

/** When something happens on the platform's clock that happens then in the company. */
export const onPlatform = ({ clock: { own, platform, pace } }: Company, at: Instant): Instant =>
  Math.ceil(platform + (at - own) / pace)

/** The company's time at an instant of the platform's clock. */
export const inCompany = ({ clock: { own, platform, pace } }: Company, at: Instant): Instant =>
  own + (at - platform) * pace

/** When the company does something next, on the platform's clock. */
export const nextAt = (company: Company): Instant => onPlatform(company, company.plans.at(-1)!.at)

/** Puts something into a pool of so many for each visit a day; the oldest go. */
export function keep<T>({ visitsPerDay }: Company, pool: T[], item: T, most: number): void {
  pool.push(item)
  if (pool.length > visitsPerDay * most) pool.shift()
}
