import { occurredAt, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import type { Reactor } from '../reactor.js'
import { said } from '../ties/attribution.js'
import { personKey, visitorKey } from '../ties/keys.js'
import { identified, joined, personBehind, unlinked, type Of } from '../ties/ties.js'
import { match, matched, recordedAccount, tellsOfWork } from './companies.js'
import { cameToQueue, credit, feedBack, leftQueue, release, releaseEarlier, route } from './handing.js'
import { offerTimer, type Intended, type Offered } from './intents.js'
import { judge, judgeAll } from './judge.js'
import type { Kept } from './kept.js'
import { keep, moved, owned, reported } from './lead.js'
import { keysOf } from './links.js'
import { touched, visitorOf, type Step } from './people.js'
import { rulesInForce, type Rules } from './rules.js'

/**
 * Matches people to companies, qualifies leads, routes them, lets offers expire, and tells marketing of rejections. It only
 * asks: a decider may refuse, as when somebody was faster. It goes by the rules in force at the event that something follows
 * from, as the log says that they are, and by `base` where it says nothing.
 *
 * - What a lead or any visitor of its person does, and what becomes known of it, may make it meet a qualification rule;
 *   it then enters the rule's stage if that lies ahead.
 * - The person of a lead that tells where they work is matched to a company, at once or when one is recorded that fits
 *   (`matchAccount`); the rules that qualify and route see it.
 * - A lead that entered a stage with a routing by a decision is given to a member of the queue of the first rule that
 *   holds, and offered to them. What another system says of stages is that system's business: it routes nothing.
 * - An offer that nobody answered expires at its deadline. A rejected or withdrawn one gives the member their turn back.
 * - A lead that is won, lost, converted or sent back, whoever says so, or that nobody answered, makes room with the
 *   members who had it; one that somebody took with those who had it from other queues before. Routed to the queue that it
 *   is open in, it is offered to the member who has it.
 * - Imported history is known and leads to nothing, but that people are matched to companies.
 */
export const automation = (base: Rules): Reactor<Kept, Intended> => {
  const rulesAt = rulesInForce(base)
  return {
    name: 'automation',
    keysOf,
    // what is decided of a lead in the order in which it came about
    laneOf: (command) => ('lead' in command ? command.lead : 'person' in command ? command.person : command.queue),
    react: (record, turn) => {
      const { event } = record
      const rules = rulesAt(record, turn)
      const heard = event.importid === undefined ? turn : silent(turn)
      // the table has for each type what takes events of that type
      const follow = follows[event.type] as Follow<never> | undefined
      follow?.(event as never, { record, at: occurredAt(record), turn: heard, loud: turn, rules })
    },
    due: ({ data }, turn) => {
      const { lead, handoff } = data as unknown as Offered
      turn.command('expire', { type: 'handoff.expire', lead, handoff })
    },
  }
}

/** Takes in and asks for nothing. */
const silent = (turn: Step): Step => ({ ...turn, command: () => '' })

interface Context {
  readonly record: Recorded<FunnelEvent>
  readonly at: Instant
  readonly turn: Step
  /** The same, for what follows from imported history, too. */
  readonly loud: Step
  readonly rules: Rules
}
type Follow<Event extends FunnelEvent> = (event: Event, context: Context) => void

const learned: Follow<Of<'lead.captured' | 'lead.enriched' | 'lead.engaged' | 'lead.stage-entered'>> = (
  event,
  context,
) => {
  const person = personBehind(event.data.lead, context.turn.get)
  reported(event, context.at, context.turn, context.rules)
  if (tellsOfWork(event.data) || personBehind(event.data.lead, context.turn.get) !== person)
    match(event.data.lead, event.id, context.loud)
  judge(event.data.lead, context.record, context.turn, context.rules)
}
const cameTo: Follow<Of<'lead.qualified' | 'lead.advanced'>> = (event, { record, turn, rules }) => {
  moved(event.data.lead, event.data.stage, turn, rules)
  route(event, turn, rules)
  judge(event.data.lead, record, turn, rules)
}
const ended: Follow<Of<'lead.disqualified' | 'lead.converted'>> = ({ data: { lead } }, { turn }) => {
  release(lead, turn)
  keep(lead, { closed: true }, turn)
}
const outOfQueue: Follow<Of<'queue.credited' | 'queue.released'>> = ({ data: { lead, queue } }, { turn }) =>
  leftQueue(lead, queue, turn)

/** What follows from an event of each type; from the others nothing. */
const follows: { readonly [Type in FunnelEvent['type']]?: Follow<Of<Type>> } = {
  'touchpoint.recorded': (event, { record, at, turn, rules }) => {
    touched(event, at, turn)
    judgeAll(visitorKey(event.data.visitor), record, turn, rules)
  },
  'visitor.identified': (event, { record, turn, loud, rules }) => {
    const nobodys = visitorOf(turn, event.data.visitor).leads.filter(
      (lead) => personBehind(lead, turn.get) === undefined,
    )
    identified(event, turn)
    for (const lead of nobodys) match(lead, event.id, loud)
    judgeAll(personKey(event.data.person), record, turn, rules)
  },
  'visitor.unlinked': (event, { turn }) => unlinked(event, turn),
  'account.recorded': (event, { record, turn, loud, rules }) => {
    for (const lead of recordedAccount(event, record.recorded, turn)) {
      match(lead, event.id, loud)
      judge(lead, record, turn, rules)
    }
  },
  'person.account-matched': ({ id, data: { person, account } }, { turn }) => matched(person, account, id, turn),
  'person.consent-recorded': (event, { at, turn }) => said(event, at, turn),
  'person.absorbed': ({ data: { person, into } }, { record, turn, rules }) => {
    joined(person, into, true, turn)
    judgeAll(personKey(into), record, turn, rules)
  },
  'person.released': ({ data: { person, from } }, { turn }) => joined(person, from, false, turn),
  'lead.captured': learned,
  'lead.enriched': learned,
  'lead.engaged': learned,
  'lead.stage-entered': learned,
  'lead.qualified': cameTo,
  'lead.advanced': cameTo,
  'lead.recycled': ({ data: { lead, stage } }, { turn, rules }) => {
    release(lead, turn)
    moved(lead, stage, turn, rules)
  },
  'lead.disqualified': ended,
  'lead.converted': ended,
  'lead.conversion-reversed': ({ data: { lead } }, { turn }) => keep(lead, { closed: false }, turn),
  'lead.assigned': ({ id, data: { lead, owner } }, { turn }) => owned(lead, owner, id, turn),
  'queue.assigned': ({ data: { lead, queue } }, { turn }) => cameToQueue(lead, queue, turn),
  'queue.credited': outOfQueue,
  'queue.released': outOfQueue,
  'handoff.offered': ({ data: { lead, handoff, deadline } }, { turn }) =>
    turn.arm(offerTimer({ lead, handoff }), Date.parse(deadline), { lead, handoff }),
  'handoff.accepted': ({ id, data }, { turn, rules }) => {
    turn.cancel(offerTimer(data))
    owned(data.lead, data.owner, id, turn)
    releaseEarlier(data.lead, turn)
    if (data.stage !== undefined) moved(data.lead, data.stage, turn, rules)
  },
  'handoff.rejected': (event, { turn }) => {
    turn.cancel(offerTimer(event.data))
    feedBack(event, turn)
    credit(event.data.lead, event.data.reason, turn)
  },
  'handoff.withdrawn': ({ data }, { turn }) => {
    turn.cancel(offerTimer(data))
    credit(data.lead, 'withdrawn', turn)
  },
  'handoff.expired': ({ data }, { turn }) => {
    turn.cancel(offerTimer(data))
    release(data.lead, turn)
  },
}
