import type { Act } from './act.js'
import { enrich } from './capture.js'
import { moment, type Moment } from './moment.js'
import type { Company, Deal, Lead, Plan, Plans } from './state.js'
import { celebrate, reopen, workDeal } from './dealing.js'
import { care, engage, fair, newsletter, offerAgain } from './marketing.js'
import { answer, comeBack, insight, leave, work } from './selling.js'
import { page, visit } from './site.js'

/** Does what is to be done next, and gives what the platform sees of it. Changes the company. */
export function step(company: Company): Act[] {
  const next = company.plans.pop()!
  company.now = Math.max(company.now, next.at)
  const acts: Act[] = []
  const act = doing[next.do] as (moment: Moment, next: Plan) => void
  act(moment(company, next.at, acts), next)
  return acts
}

/** Of a lead that is not known any more nothing is done. */
const ofLead =
  <Named extends { readonly lead: string }>(act: (moment: Moment, lead: Lead, named: Named) => void) =>
  (moment: Moment, named: Named): void => {
    const lead = moment.company.leads[named.lead]
    if (lead) act(moment, lead, named)
  }
const ofDeal =
  (act: (moment: Moment, deal: Deal) => void) =>
  (moment: Moment, named: { readonly deal: string }): void => {
    const deal = moment.company.deals[named.deal]
    if (deal) act(moment, deal)
  }

const doing: { readonly [Do in keyof Plans]: (moment: Moment, plan: Plans[Do]) => void } = {
  visit,
  page,
  newsletter,
  insight,
  fair,
  enrich: ofLead(enrich),
  engage: ofLead(engage),
  care: ofLead(care),
  offer: ofLead(offerAgain),
  answer: ofLead(answer),
  forget: ofLead(({ company: { leads } }, lead, { handoff }: Plans['forget']) => {
    if (lead.handoff === handoff) delete leads[lead.id]
  }),
  work: ofLead(work),
  celebrate: (moment, { lead }) => celebrate(moment, lead),
  deal: ofDeal(workDeal),
  reopen: ofDeal(reopen),
  leave: (moment, { seller }) => leave(moment, seller),
  return: (moment, { seller }) => comeBack(moment, seller),
}
