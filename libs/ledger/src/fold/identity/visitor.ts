import { factOrder, isFirst, type Fact } from '../fact.js'
import type { Message, React } from '../node.js'
import { withKey, type VisitorState } from '../state.js'
import { comesFirst } from './consent.js'
import { firstTouch, touchLine } from './touch.js'

/**
 * A visitor: every touch is a line of its own; only the first one, and the first identification, are kept. Both by fact
 * order, so a touch or an identification that comes late but happened earlier takes over. A touch that was declined comes
 * after all that were not: it is attributed to nobody.
 *
 * An unlink is a decision about all that was recorded before it: no identification of those counts any more, nor does a
 * second one that had lost to the first (on a shared device one person does not inherit the touches of the other). What is
 * recorded later counts if it happened after the unlink. An unlink from another person than the visitor was taken for
 * undoes nothing.
 */
export const visitor: React<'visitor'> = (key, before, news, { versions }) => {
  if ('lead' in news) {
    const leads = withKey(before.leads, news.lead)
    if (leads === before.leads) return undefined
    const person = before.identified?.person
    return { after: { ...before, leads }, tell: person === undefined ? [] : [leadOf(person, news.lead)] }
  }
  const { fact } = news
  if (fact.type === 'touchpoint.recorded') {
    const lines = [touchLine(key, fact, versions)]
    if (!comesFirst(fact, before.first)) return { after: before, lines }
    const after = { ...before, first: firstTouch(fact) }
    return { after, lines, tell: [...personOf(key, after), ...leadsOf(after)] }
  }
  const after = identityAfter(before, fact)
  if (after === before) return undefined
  const from = before.identified?.person
  const to = after.identified?.person
  if (from === to) return { after }
  return {
    after,
    tell: [
      ...(from === undefined ? [] : [{ kind: 'person', key: from, news: { lostVisitor: key } } as const]),
      ...(to === undefined ? [] : after.leads.map((lead) => leadOf(to, lead))),
      ...personOf(key, after),
      ...leadsOf(after),
    ],
  }
}

/** The visitor after an identification or an unlink; the same object where that changes nothing. */
function identityAfter(before: VisitorState, { type, at, rank, seq, id, data }: Fact): VisitorState {
  const { identified, unlinked } = before
  const order = { at, rank, seq, id }
  if (type === 'visitor.unlinked') {
    if (identified?.person !== data['person']) return before
    const { identified: _, ...rest } = before
    return { ...rest, unlinked: order }
  }
  if (!isFirst(order, identified) || (unlinked && factOrder(order, unlinked) < 0)) return before
  return { ...before, identified: { ...order, person: data['person'] as string } }
}

const leadOf = (person: string, lead: string): Message => ({ kind: 'person', key: person, news: { lead } })

const personOf = (key: string, { identified, first }: VisitorState): Message[] =>
  identified && first ? [{ kind: 'person', key: identified.person, news: { visitor: key, first } }] : []

/** Leads that named the visitor look up their parents themselves: which one counts is theirs to know. */
const leadsOf = ({ leads }: VisitorState): Message[] =>
  leads.map((key) => ({ kind: 'lead', key, news: { parents: 'changed' } }))

/** Whether a fact changes more of a visitor than its count of touches. */
export const changesVisitor = (fact: Fact, state: VisitorState): boolean =>
  fact.type === 'touchpoint.recorded' ? comesFirst(fact, state.first) : identityAfter(state, fact) !== state
