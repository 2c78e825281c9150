import {
  nothingApplied,
  versionsOf,
  withRecords,
  type AllDefinitions,
  type AppliedHistory,
  type Versions,
} from '@funnel/definitions'
import { occurredAt, type FunnelEvent, type Recorded } from '@funnel/events'
import type { Kept } from './kept.js'
import { RULES } from './links.js'
import type { Step } from './people.js'

/** What automation acts by. */
export type Rules = Pick<AllDefinitions, 'funnel' | 'qualifications' | 'routings' | 'territories'>

/**
 * The rules in force at an event, min(occurred, recorded), after it was taken in: what was applied of them is kept with all
 * else that automation knows, so that a batch that is repeated goes by the same.
 */
export function rulesInForce({ funnel, qualifications, routings, territories }: Rules) {
  const base: Rules = { funnel, qualifications, routings, territories }
  const made = new WeakMap<AppliedHistory, Versions<Rules>>()
  return (record: Recorded<FunnelEvent>, turn: Step): Rules => {
    const history = takenIn(record, turn)
    let versions = made.get(history)
    if (!versions) made.set(history, (versions = versionsOf(base, history)))
    return versions.at(Math.min(occurredAt(record), record.recorded))
  }
}

function takenIn(record: Recorded<FunnelEvent>, turn: Step): AppliedHistory {
  const before = (turn.get(RULES) as AppliedHistory | undefined) ?? nothingApplied
  if (record.event.type === 'definition.applied' && !isRule(record.event.data.definition)) return before
  const after = withRecords(before, [record])
  // what was applied came out of a log, so it is JSON
  if (after !== before) turn.set(RULES, after as Kept)
  return after
}

const isRule = (definition: string): boolean => /^(funnel|qualification|routing|territory)\//.test(definition)
