import { occurredAt, type FunnelEvent, type Recorded } from '@funnel/events'
import type { Reactor } from '../reactor.js'
import { credit, feedBack, leftQueue, release, route } from './handing.js'
import { offerTimer, type Intended, type Offered } from './intents.js'
import { judge, judgeAll, type Rules } from './judge.js'
import type { Kept } from './kept.js'
import { keep, moved, owned, reported } from './lead.js'
import { keysOf, personKey, visitorKey } from './links.js'
import { identified, joined, touched, unlinked, type Step } from './people.js'

/**
 * Qualifies leads, routes them, lets offers expire, and tells marketing of rejections. It only asks: a decider may refuse,
 * as when somebody was faster.
 *
 * - What a lead or any visitor of its person does, and what becomes known of it, may make it meet a qualification rule;
 *   it then enters the rule's stage if that lies ahead.
 * - A lead that entered a stage with a routing by a decision is given to a member of the queue of the first rule that
 *   holds, and offered to them. What another system says of stages is that system's business: it routes nothing.
 * - An offer that nobody answered expires at its deadline. A rejected or withdrawn one gives the member their turn back.
 * - A lead that is converted or given up, or that nobody answered, makes room with the member who had it.
 * - Imported history is known and leads to nothing.
 */
export const automation = (rules: Rules): Reactor<Kept, Intended> => ({
  name: 'automation',
  keysOf,
  react: (record, turn) => react(record, record.event.importid === undefined ? turn : silent(turn), rules),
  due: ({ data }, turn) => {
    const { lead, handoff } = data as unknown as Offered
    turn.command('expire', { type: 'handoff.expire', lead, handoff })
  },
})

/** Takes in and asks for nothing. */
const silent = (turn: Step): Step => ({ ...turn, command: () => undefined })

function react(record: Recorded<FunnelEvent>, turn: Step, rules: Rules): void {
  const { event } = record
  const at = occurredAt(record)
  switch (event.type) {
    case 'touchpoint.recorded':
      touched(event, at, turn)
      return judgeAll(visitorKey(event.data.visitor), record, turn, rules)
    case 'visitor.identified':
      identified(event, turn)
      return judgeAll(personKey(event.data.person), record, turn, rules)
    case 'visitor.unlinked':
      return unlinked(event, turn)
    case 'person.absorbed':
      joined(event.data.person, event.data.into, true, turn)
      return judgeAll(personKey(event.data.into), record, turn, rules)
    case 'person.released':
      return joined(event.data.person, event.data.from, false, turn)
    case 'lead.captured':
    case 'lead.enriched':
    case 'lead.engaged':
    case 'lead.stage-entered':
      reported(event, at, turn, rules)
      return judge(event.data.lead, record, turn, rules)
    case 'lead.qualified':
    case 'lead.advanced':
      moved(event.data.lead, event.data.stage, turn, rules)
      route(event, turn, rules)
      return judge(event.data.lead, record, turn, rules)
    case 'lead.recycled':
      return moved(event.data.lead, event.data.stage, turn, rules)
    case 'lead.disqualified':
    case 'lead.converted':
      release(event.data.lead, turn)
      return keep(event.data.lead, { closed: true }, turn)
    case 'lead.conversion-reversed':
      return keep(event.data.lead, { closed: false }, turn)
    case 'lead.assigned':
      return owned(event.data.lead, event.data.owner, event.id, turn)
    case 'queue.assigned':
      return keep(event.data.lead, { queue: event.data.queue }, turn)
    case 'queue.credited':
    case 'queue.released':
      return leftQueue(event.data.lead, turn)
    case 'handoff.offered': {
      const { lead, handoff, deadline } = event.data
      return turn.arm(offerTimer(event.data), Date.parse(deadline), { lead, handoff })
    }
    case 'handoff.accepted':
      turn.cancel(offerTimer(event.data))
      owned(event.data.lead, event.data.owner, event.id, turn)
      if (event.data.stage !== undefined) moved(event.data.lead, event.data.stage, turn, rules)
      return
    case 'handoff.rejected':
      turn.cancel(offerTimer(event.data))
      feedBack(event, turn)
      return credit(event.data.lead, event.data.reason, turn)
    case 'handoff.withdrawn':
      turn.cancel(offerTimer(event.data))
      return credit(event.data.lead, 'withdrawn', turn)
    case 'handoff.expired':
      turn.cancel(offerTimer(event.data))
      return release(event.data.lead, turn)
    default: // nothing follows from the others
  }
}
