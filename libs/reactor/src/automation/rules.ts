import type { AllDefinitions } from '@funnel/definitions'
import { occurredAt, type FunnelEvent, type Recorded } from '@funnel/events'
import { agreed } from '../agreed.js'
import type { Step } from './people.js'

/** What automation acts by. */
export type Rules = Pick<AllDefinitions, 'funnel' | 'qualifications' | 'routings' | 'territories'>

/** The rules in force at an event, min(occurred, recorded), after it was taken in. */
export function rulesInForce({ funnel, qualifications, routings, territories }: Rules) {
  const base: Rules = { funnel, qualifications, routings, territories }
  const { takenIn } = agreed(base, ['funnel', 'qualification', 'routing', 'territory'])
  return (record: Recorded<FunnelEvent>, turn: Step): Rules =>
    takenIn(record, turn).at(Math.min(occurredAt(record), record.recorded))
}
