import { changes, samePassed } from '../compare.js'
import type { Fact } from '../fact.js'
import { passedOn } from '../lead/node.js'
import type { Context, News, React } from '../node.js'
import { stateOf, type ClockState } from '../state.js'
import { clockLines } from './lines.js'

/** A clock of a promise: books what its lines change, and tells its lead that it is there. */
export const clock: React<'clock'> = (key, before, news, context) => {
  const after = clockAfter(before, news, context)
  if (after === before) return undefined
  const lines = changes(clockLines(key, before, context.versions), clockLines(key, after, context.versions))
  const lead = clockLead(after.facts)
  const isNew = lead !== undefined && clockLead(before.facts) === undefined
  return { after, lines, tell: isNew ? [{ kind: 'lead', key: lead, news: { clock: key } }] : [] }
}

/** The lead that a clock is about, if any: every event of it says so. */
export const clockLead = ([first]: readonly Fact[]): string | undefined => first?.data['lead'] as string | undefined

function clockAfter(before: ClockState, news: News['clock'], { state }: Context): ClockState {
  if ('passed' in news)
    return before.passed && samePassed(news.passed, before.passed) ? before : { ...before, passed: news.passed }
  // decisions of one stream: they come in their order
  const facts = [...before.facts, news.fact]
  const lead = clockLead(facts)
  return lead === undefined
    ? { ...before, facts }
    : { ...before, facts, passed: passedOn(stateOf(state, 'lead', lead)) }
}
