import type { Definitions } from '@funnel/definitions'
import type { Dims } from '../../line.js'
import { changes, sameDims } from '../compare.js'
import { dimsNow, knownAfter } from '../dims.js'
import { withFact } from '../fact.js'
import type { Context, News, React } from '../node.js'
import { withKey, type LeadState } from '../state.js'
import { leadLines } from './lines.js'
import { withParents } from './parents.js'

/** A lead: books what its lines change, and tells its deals when what it passes on to them is another. */
export const lead: React<'lead'> = (key, before, news, context) => {
  const after = leadAfter(before, news, context)
  if (after === before) return undefined
  const { definitions } = context
  const passed = passedOn(after, definitions)
  return {
    after,
    lines: changes(leadLines(key, before, definitions), leadLines(key, after, definitions)),
    tell: sameDims(passed, passedOn(before, definitions))
      ? []
      : after.deals.map((deal) => ({ kind: 'deal', key: deal, news: { inherited: passed } })),
  }
}

/** What a lead passes on to its deals: its dimension values as known now. */
export const passedOn = (state: LeadState, definitions: Definitions): Dims =>
  dimsNow(definitions, 'lead', knownAfter(state.facts).at(-1) ?? {}, state)

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
