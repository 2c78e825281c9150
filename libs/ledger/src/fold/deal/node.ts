import type { Instant } from '@funnel/events'
import { changes, samePassed } from '../compare.js'
import { lastNamed, withFact, type Fact } from '../fact.js'
import { passedOn } from '../lead/node.js'
import type { Context, Message, News, React } from '../node.js'
import { stateOf, type DealState } from '../state.js'
import { dealLines } from './lines.js'
import { dealStory } from './story.js'

/** A deal: books what its lines change, and tells its lead whether and when it was won. */
export const deal: React<'deal'> = (key, before, news, context) => {
  const after = dealAfter(before, news, context)
  if (after === before) return undefined
  const lines = changes(dealLines(key, before, context.versions), dealLines(key, after, context.versions))
  return { after, lines, tell: 'fact' in news ? leadsToTell(key, before, after) : [] }
}

/** The lead a deal came from: the latest that its facts name. */
export const leadOf = (facts: readonly Fact[]): string | undefined => lastNamed(facts, 'lead')

function dealAfter(before: DealState, news: News['deal'], { state }: Context): DealState {
  if ('passed' in news)
    return before.passed && samePassed(news.passed, before.passed) ? before : { ...before, passed: news.passed }
  const facts = withFact(before.facts, news.fact)
  const lead = leadOf(facts)
  if (lead === undefined) return { ...before, facts }
  const passed = passedOn(stateOf(state, 'lead', lead))
  return { ...before, facts, passed: before.passed && samePassed(passed, before.passed) ? before.passed : passed }
}

function leadsToTell(key: string, before: DealState, after: DealState): Message[] {
  const from = leadOf(before.facts)
  const to = leadOf(after.facts)
  const won = wonAt(after)
  return [
    ...(from === undefined || from === to ? [] : [{ kind: 'lead', key: from, news: { lostDeal: key } } as const]),
    ...(to === undefined || (from === to && won === wonAt(before))
      ? []
      : [{ kind: 'lead', key: to, news: { deal: key, ...(won === undefined ? {} : { won }) } } as const]),
  ]
}

/** When the deal was won, if it stands won. */
function wonAt({ facts }: DealState): Instant | undefined {
  const { steps, closed } = dealStory(facts)
  return closed !== undefined && steps.at(-1)?.outcome === 'won' ? facts[closed]!.at : undefined
}
