import type { Versions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import { difference, type Entry, type Line } from '../line.js'
import { clock } from './clock/node.js'
import { deal } from './deal/node.js'
import { clockKey, factIn, isOfClock, isOfDeal, isOfLead, isOfVisitor, linksIn, type FactRecord } from './fact.js'
import { consentIn } from './identity/consent.js'
import { person } from './identity/person.js'
import { visitor } from './identity/visitor.js'
import { lead } from './lead/node.js'
import type { Context, Message, React, Reaction } from './node.js'
import { stateOf, type FoldState, type NodeKind, type NodeRef, type NodeState, type StateOf } from './state.js'

/** A subject whose fold threw, and the event at which it did. */
export interface Parked {
  readonly ref: NodeRef
  readonly reason: string
  readonly cause: Entry['cause']
}

export interface Folded {
  readonly entries: readonly Entry[]
  /** Newly parked subjects. */
  readonly parked: readonly Parked[]
}

/**
 * Folds records of the total order into signed entries. Each entry is the difference that the event at hand makes to what
 * its subjects add to the measures; since records come in the order in which they became known, the sum of the entries
 * recorded up to T is what the facts recorded up to T add up to, for every T (see `contributions`).
 *
 * For each fact the definitions count that are in force at min(occurred, recorded) of it, whatever is known later. `versions`
 * may know more of the log than has been folded: what is applied later changes nothing of the time before.
 *
 * Pure but for `state`: everything that `missing` names must be loaded there, and each node that changes is set there. The
 * same records in the same order give the same entries, however they are cut into calls. Each record must be given once:
 * telling repeats apart is the caller's, by position.
 *
 * A subject at which the fold throws (a bug) is parked: nothing of that event is booked for it, it keeps the lines it has,
 * and its later events change nothing. The others go on, and see it as it was.
 */
export function fold(state: FoldState, records: readonly FactRecord[], versions: Versions): Folded {
  const entries: Entry[] = []
  const parked: Parked[] = []
  const context: Context = { versions, state }
  for (const record of records) {
    const { topic, partition, position, recorded } = record
    const cause = { topic, partition, position }
    const lines: Line[] = []
    const messages = messagesOf(record)
    // grows while nodes tell others; ends because news only runs visitor → person → lead → deal and clock, and back from these to
    // their lead and from a lead to its person what none below depends on; the ids of a person are a tree, since none is absorbed
    // into one of its own, and in it news runs up to the root and then down
    for (const message of messages) {
      const { kind, key } = message
      const before = stateOf(state, kind, key)
      if (before.parked !== undefined) continue
      try {
        const reaction = react(message, before, context)
        if (!reaction) continue
        if (reaction.after !== before) state.set({ kind, key }, reaction.after)
        if (reaction.lines) lines.push(...reaction.lines)
        if (reaction.tell) messages.push(...reaction.tell)
      } catch (error) {
        const ref = { kind, key }
        const reason = error instanceof Error ? error.message : String(error)
        state.set(ref, { ...before, parked: reason })
        parked.push({ ref, reason, cause })
      }
    }
    let ordinal = 0
    for (const line of difference([], lines)) entries.push(entryOf(line, cause, ordinal++, recorded))
  }
  return { entries, parked }
}

/** Field by field, as `lineOf` does. */
const entryOf = (
  { measure, amount, currency, occurred, cohort, elapsed, subject, stage, dims }: Line,
  cause: Entry['cause'],
  ordinal: number,
  recorded: Instant,
): Entry => ({
  measure,
  amount,
  currency,
  occurred,
  cohort,
  elapsed,
  subject,
  stage,
  dims,
  cause,
  ordinal,
  recorded,
})

/** Whom an event concerns first; nobody where no number depends on it. */
function messagesOf(record: FactRecord): Message[] {
  const { event } = record
  const fact = factIn(record)
  if (isOfVisitor(event)) return [{ kind: 'visitor', key: event.data.visitor, news: { fact } }]
  // of the two events of a merge the one of the absorbed id, whose own decisions come in the order of their versions
  if (event.type === 'person.absorbed')
    return [{ kind: 'person', key: event.data.person, news: { absorbedInto: event.data.into } }]
  if (event.type === 'person.released')
    return [{ kind: 'person', key: event.data.person, news: { releasedFrom: event.data.from } }]
  if (event.type === 'person.account-matched')
    return [{ kind: 'person', key: event.data.person, news: { account: event.data.account } }]
  if (event.type === 'person.consent-recorded') return consentIn(event.data, fact)
  if (isOfLead(event)) {
    const { lead } = event.data
    const { person, visitor } = linksIn(event)
    // whoever it names must know the lead first, so as to tell it of a first touch to come
    return [
      ...(visitor === undefined ? [] : [{ kind: 'visitor', key: visitor, news: { lead } } as const]),
      ...(person === undefined ? [] : [{ kind: 'person', key: person, news: { lead } } as const]),
      { kind: 'lead', key: lead, news: { fact } },
    ]
  }
  if (isOfClock(event)) return [{ kind: 'clock', key: clockKey(event.data), news: { fact } }]
  return isOfDeal(event) ? [{ kind: 'deal', key: event.data.deal, news: { fact } }] : []
}

const nodes: { readonly [K in NodeKind]: React<K> } = { visitor, person, lead, deal, clock }

const react = <K extends NodeKind>(
  { kind, key, news }: Message<K>,
  before: NodeState,
  context: Context,
): Reaction<NodeState> | undefined => nodes[kind](key, before as StateOf<K>, news, context)
