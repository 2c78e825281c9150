import type { Instant } from '@funnel/events'
import { DAY, nextBusy } from './calendar.js'
import { channels, pages, prizeDraw, wantsPrize, type Channel } from './cast.js'
import { cameBy, capture } from './capture.js'
import { keep, plan } from './company.js'
import type { Moment } from './moment.js'
import type { Company, Plans, Visitor } from './state.js'
import { below, byShare, happens, oneOf, roll, spread } from './dice.js'

/** The prize draw runs from the 35th to the 58th day of each 90. */
const isDrawing = ({ founded }: Company, at: Instant): boolean => {
  const day = Math.floor((at - founded) / DAY) % 90
  return day >= 35 && day < 58
}

const channelsAt = (company: Company, at: Instant): readonly Channel[] =>
  isDrawing(company, at) ? [...channels, prizeDraw] : channels

/** Somebody comes to the site, looks at some pages, and may fill in a form. */
export function visit(moment: Moment): void {
  const { company, at } = moment
  const rate = channelsAt(company, at).reduce((sum, { share }) => sum + share, 0) / 100
  plan(company, { do: 'visit', at: nextBusy(company, at, company.visitsPerDay * rate) })
  const returns = company.visitors.length > 20 && happens(company, 0.45)
  const visitor = returns ? oneOf(company, company.visitors) : newVisitor(moment)
  look(moment, visitor, returns)
  const left = Math.floor(-2 * Math.log(1 - roll(company)))
  if (left) plan(company, { do: 'page', visitor, left, at: at + (15 + below(company, 120)) * 1000 })
  const chance = wantsPrize(visitor.campaign) ? 0.3 : Math.min(0.5, 0.13 * visitor.worth ** 0.5)
  if (happens(company, chance)) capture(moment, visitor)
}

/** The next page of a visit. */
export function page(moment: Moment, { visitor, left }: Plans['page']): void {
  look(moment, visitor, true)
  if (left > 1)
    plan(moment.company, {
      do: 'page',
      visitor,
      left: left - 1,
      at: moment.at + (15 + below(moment.company, 120)) * 1000,
    })
}

function newVisitor({ company, at }: Moment): Visitor {
  const { id: channel, quality, campaigns } = byShare(company, channelsAt(company, at))
  const visitor: Visitor = {
    id: `visitor-${++company.made.visitors}`,
    channel,
    ...(campaigns.length && { campaign: oneOf(company, campaigns) }),
    worth: quality * spread(company, 0.35),
  }
  keep(company, company.visitors, visitor, 1.5)
  return visitor
}

function look({ company, tell }: Moment, visitor: Visitor, returns: boolean): void {
  const direct = returns && happens(company, 0.5)
  tell('touchpoint.recorded', {
    visitor: visitor.id,
    kind: visitor.channel.startsWith('paid_') && !returns ? 'ad-click' : 'page',
    ...(direct ? { channel: 'direct' } : cameBy(visitor)),
    url: `https://www.example.com${oneOf(company, pages)}`,
  })
}
