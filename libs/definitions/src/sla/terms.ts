import type { FunnelEvent } from '@funnel/events'
import type { Terms } from '@funnel/sla'
import { holds, type Scalar, type Value, type ValueOf } from '../condition/condition.js'
import { millisOf } from '../duration.js'
import type { Team } from '../routing/routing.js'
import type { Calendar } from './calendar.js'
import { hoursFor } from './hours.js'
import type { EventPattern, LeadPolicy, PolicyTerms } from './policy.js'

/** Whether an event, with the lead as it is known after it, is what a pattern describes. Without a lead only `where` is asked. */
export function matches(
  { event, where, lead }: EventPattern,
  { type, data }: Pick<FunnelEvent, 'type' | 'data'>,
  valueOf?: ValueOf,
): boolean {
  if (!event.includes(type)) return false
  if (where && !holds(where, (field) => fieldOf(data, field))) return false
  return !lead || !valueOf || holds(lead, valueOf)
}

/** A field of an event's data, or one of its properties; undefined where it is none that can be compared. */
function fieldOf(data: object, field: string): Value {
  const [name, ...rest] = field.split('.')
  const value = own(data, name!)
  const inner = rest.length && typeof value === 'object' && value !== null ? own(value, rest.join('.')) : value
  return typeof inner === 'object' ? undefined : (inner as Scalar | undefined)
}
const own = (of: object, name: string): unknown => (Object.hasOwn(of, name) ? of[name as keyof typeof of] : undefined)

/** The terms by which a lead is judged: the first whose condition holds; the last of a checked policy takes every lead. */
export const termsFor = ({ terms }: LeadPolicy, valueOf: ValueOf): PolicyTerms =>
  terms.find(({ where }) => !where || holds(where, valueOf)) ?? terms.at(-1)!

/** The same for a clock: times in milliseconds, warnings and escalations in the order in which the policy has them. */
export function clockTerms(
  policy: LeadPolicy,
  terms: PolicyTerms,
  owner: string | undefined,
  agreed: { readonly calendars: readonly Calendar[]; readonly teams: readonly Team[] },
): Terms {
  const calendar = hoursFor(terms, owner, agreed)
  return {
    policy: `${policy.id}@${policy.version}`,
    ...(calendar !== undefined && { calendar }),
    target: millisOf(terms.target),
    warnings: (terms.warnings ?? []).map(({ before }) => millisOf(before)),
    escalations: (terms.escalations ?? []).map(({ after }) => millisOf(after)),
  }
}
