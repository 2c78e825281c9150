import { occurredAt, type FunnelEvent } from '@funnel/events'
import { agreed, AGREED, type AgreedKept } from '../agreed.js'
import type { Reactor, Timer } from '../reactor.js'
import { said } from '../ties/attribution.js'
import { leadKey } from '../ties/keys.js'
import { identified, joined, unlinked } from '../ties/ties.js'
import { looked, type Watched } from './clocks.js'
import type { Intended, Step } from './intents.js'
import type { Kept } from './kept.js'
import { hear, leadOf, reported } from './lead.js'
import { isVerdict, keysOf, leadsOf } from './links.js'
import { closed, counted, type PeriodWatched } from './periods.js'
import { KINDS, type Rules } from './rules.js'
import { inheritedBy, matched, touched, valuesOf } from './touches.js'

/**
 * Watches over the promises of both teams. What it says of their clocks is a function of the log alone: of the facts that
 * were recorded up to the cut of each deadline, so it is the same whoever watches, when, and how often.
 *
 * - A clock starts, pauses, goes on and ends by the events that its policy names, of its lead or of a visitor that the
 *   lead's person was known to be when the event was recorded. It is judged by what was agreed at its start: policy,
 *   calendars and teams; its terms are chosen anew, in that version, when the lead or its owner changes, or its person's
 *   company or first touch, and it is told whose it is then.
 * - An event that fulfils a promise starts no clock of that policy, but under `chained`; one that comes to be known late
 *   counts by when it happened, also where that makes a clock start earlier.
 * - A promise about periods counts by when things happened, and is judged when the period is over. Its periods begin with
 *   the one in which business begins; earlier ones only where facts of them come to be known, and those are historical.
 * - What can be known of a clock or period is kept for 30 days after it was last judged. A lead has 100 running clocks of
 *   one policy at most, and its last 50 acts are remembered for starts that come to be known after them.
 * - Nothing follows from what is historical, and nothing from its own verdicts.
 */
export const slaMonitor = ({ policies, calendars, teams, queues }: Rules): Reactor<Kept, Intended> => {
  const rules = agreed<Rules>({ policies, calendars, teams, queues }, KINDS)
  return {
    name: 'sla-monitor',
    keysOf,
    // what is said of a lead or a policy in the order in which it came about, and what follows after that
    laneOf: (command) => (command.type === 'consequence' ? command.lead : command.said.data.subject),
    react: (record, turn) => {
      const { event, recorded } = record
      if (isVerdict(event)) return
      const versions = rules.takenIn(record, turn)
      const agreedAt = (instant: number) => versions.at(instant)
      const heard = { event, recorded, occurred: occurredAt(record) }
      const leads = leadsOf(event, turn.get)
      // of one without clocks nothing is judged by it
      const inherited = () =>
        leads.map((lead) => (leadOf(turn, lead).clocks.length ? inheritedBy(lead, turn) : undefined))
      const before = inherited()
      tied(event, heard.occurred, turn)
      const changed = reported(heard, turn)
      const after = inherited()
      const isBusiness = (turn.get(AGREED) as AgreedKept | undefined)?.firstBusiness !== undefined
      for (const [i, lead] of leads.entries())
        hear(heard, changed || before[i] !== after[i], {
          lead,
          valueOf: valuesOf(lead, turn),
          agreedAt,
          turn,
          event: event.id,
          at: recorded,
        })
      counted(event, heard.occurred, isBusiness, { agreedAt, turn, event: event.id, at: recorded })
    },
    due: (timer, turn) => {
      const versions = rules.known(turn)
      const here = { agreedAt: (instant: number) => versions.at(instant), turn, event: timer.cause.id, at: timer.due }
      if (isOfPeriod(timer)) return closed(timer.data, here)
      const { lead, clock: id, over } = timer.data as unknown as Watched
      const kept = leadOf(turn, lead)
      const clocks = over
        ? kept.clocks.filter((clock) => clock.id !== id)
        : kept.clocks.map((clock) =>
            clock.id === id ? looked(clock, { ...here, lead, valueOf: valuesOf(lead, turn) }) : clock,
          )
      turn.set(leadKey(lead), { ...kept, clocks })
    },
  }
}

const isOfPeriod = (timer: Timer): timer is Timer & { readonly data: { readonly period: string } } =>
  (timer.data as Partial<PeriodWatched>).period !== undefined

/** Who hangs together with whom after an event, and what is known of whom. */
function tied(event: FunnelEvent, at: number, turn: Step): void {
  if (event.type === 'touchpoint.recorded') touched(event, at, turn)
  else if (event.type === 'visitor.identified') identified(event, turn)
  else if (event.type === 'visitor.unlinked') unlinked(event, turn)
  else if (event.type === 'person.account-matched') matched(event, turn)
  else if (event.type === 'person.consent-recorded') said(event, at, turn)
  else if (event.type === 'person.absorbed') joined(event.data.person, event.data.into, true, turn)
  else if (event.type === 'person.released') joined(event.data.person, event.data.from, false, turn)
}
