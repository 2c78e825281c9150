import { isFirst, type Fact } from '../fact.js'
import type { Message, React } from '../node.js'
import { withKey, type VisitorState } from '../state.js'
import { firstTouch, touchLine } from './touch.js'

/**
 * A visitor: every touch is a line of its own; only the first one, and the first identification, are kept. Both by fact
 * order, so a touch or an identification that comes late but happened earlier takes over.
 */
export const visitor: React<'visitor'> = (key, before, news, { definitions }) => {
  if ('lead' in news) {
    const leads = withKey(before.leads, news.lead)
    if (leads === before.leads) return undefined
    const person = before.identified?.person
    return { after: { ...before, leads }, tell: person === undefined ? [] : [leadOf(person, news.lead)] }
  }
  const { fact } = news
  if (fact.type === 'touchpoint.recorded') {
    const lines = [touchLine(key, fact, definitions)]
    if (!isFirst(fact, before.first)) return { after: before, lines }
    const after = { ...before, first: firstTouch(fact) }
    return { after, lines, tell: [...personOf(key, after), ...leadsOf(after)] }
  }
  if (!isFirst(fact, before.identified)) return undefined
  const { at, rank, seq, id, data } = fact
  const after = { ...before, identified: { at, rank, seq, id, person: data['person'] as string } }
  const from = before.identified?.person
  const to = after.identified.person
  if (from === to) return { after }
  return {
    after,
    tell: [
      ...(from === undefined ? [] : [{ kind: 'person', key: from, news: { lostVisitor: key } } as const]),
      ...after.leads.map((lead) => leadOf(to, lead)),
      ...personOf(key, after),
      ...leadsOf(after),
    ],
  }
}

const leadOf = (person: string, lead: string): Message => ({ kind: 'person', key: person, news: { lead } })

const personOf = (key: string, { identified, first }: VisitorState): Message[] =>
  identified && first ? [{ kind: 'person', key: identified.person, news: { visitor: key, first } }] : []

/** Leads that named the visitor look up their parents themselves: which one counts is theirs to know. */
const leadsOf = ({ leads }: VisitorState): Message[] =>
  leads.map((key) => ({ kind: 'lead', key, news: { parents: 'changed' } }))

/** Whether a fact changes more of a visitor than its count of touches. */
export const changesVisitor = (fact: Fact, { first, identified }: VisitorState): boolean =>
  isFirst(fact, fact.type === 'touchpoint.recorded' ? first : identified)
