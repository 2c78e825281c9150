import { changes, samePassed } from '../compare.js'
import { knownAfter, type Passed } from '../dims.js'
import { withFact } from '../fact.js'
import type { Context, Message, News, React } from '../node.js'
import { withKey, type LeadState } from '../state.js'
import { leadLines } from './lines.js'
import { withParents } from './parents.js'

/** A lead: books what its lines change, and tells its deals when what it passes on to them is another. */
export const lead: React<'lead'> = (key, before, news, context) => {
  const after = leadAfter(before, news, context)
  if (after === before) return undefined
  const { versions } = context
  return {
    after,
    lines: changes(leadLines(key, before, versions), leadLines(key, after, versions)),
    tell: tellDeals(before, after),
  }
}

function tellDeals(before: LeadState, after: LeadState): Message[] {
  if (!after.deals.length) return []
  const passed = passedOn(after)
  if (samePassed(passed, passedOn(before))) return []
  return after.deals.map((deal) => ({ kind: 'deal', key: deal, news: { passed } }))
}

/** What a lead passes on to its deals, as known now; a reason is that of an event and not the lead's to pass on. */
export function passedOn({ facts, touch }: LeadState): Passed {
  const { channel, campaign } = touch ?? {}
  const { reason: _, ...about } = knownAfter(facts).at(-1) ?? {}
  return {
    about,
    touch: { ...(channel === undefined ? {} : { channel }), ...(campaign === undefined ? {} : { campaign }) },
  }
}

function leadAfter(before: LeadState, news: News['lead'], context: Context): LeadState {
  if ('fact' in news) return withParents({ ...before, facts: withFact(before.facts, news.fact) }, context)
  if ('parents' in news) return withParents(before, context)
  if ('lostDeal' in news) {
    const { [news.lostDeal]: _, ...won } = before.won
    return { ...before, won, deals: before.deals.filter((deal) => deal !== news.lostDeal) }
  }
  const { [news.deal]: _, ...won } = before.won
  return {
    ...before,
    won: news.won === undefined ? won : { ...won, [news.deal]: news.won },
    deals: withKey(before.deals, news.deal),
  }
}
