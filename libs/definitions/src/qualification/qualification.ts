import type { Instant } from '@funnel/events'
import { holds, testsOf, type Condition, type Value } from '../condition/condition.js'
import type { Definition } from '../definitions.js'
import { millisOf } from '../duration.js'

/** Something that a lead does of its own accord, so often and so lately. */
export interface Engagement {
  readonly event: 'touchpoint.recorded' | 'lead.engaged'
  /** The kinds that count; absent: any kind of `lead.engaged`. */
  readonly kind?: readonly string[]
  /** How many; 1 where nothing is said. */
  readonly at_least?: number
  /** How long ago at most, such as `30d`; absent: ever. */
  readonly within?: string
}

/** When a lead is good enough for a stage: it fits, and it showed interest. */
export interface Qualification extends Definition {
  /** The stage that it leads to. */
  readonly stage: string
  readonly fit: Condition
  readonly engagement: { readonly any: readonly Engagement[] } | { readonly all: readonly Engagement[] }
}

/** Kinds of touch that only the lead can bring about. A mail or a call may be ours, and never answered. */
export const touchesOfTheLead: readonly string[] = ['page', 'form', 'ad-click', 'meeting', 'event']

/** What a rule judges. */
export interface LeadFacts {
  /** The latest value of each field that was told, and the event that told it. */
  readonly fields: ReadonlyMap<string, { readonly value: Value; readonly event: string }>
  /** What the lead did, in any order. */
  readonly events: readonly {
    readonly id: string
    readonly type: Engagement['event']
    readonly kind: string
    readonly at: Instant
  }[]
}

/** Ids that an event can name as its reasons. */
const MOST_REASONS = 100

/**
 * Whether the lead meets the rule at an instant: the ids of the events that show it, at most 100, each once; undefined
 * where it does not. They are those that told the fields of `fit`, then of each way to engage that holds (of `any` the
 * first) the earliest that suffice. What happened after the instant does not count; `within` reaches back from it,
 * its far end excluded. Pure; the order of the events does not matter; of two leads with the same fields, one that did
 * more never meets less.
 */
export function qualifies(
  { fit, engagement }: Qualification,
  { fields, events }: LeadFacts,
  at: Instant,
): readonly string[] | undefined {
  if (!holds(fit, (field) => fields.get(field)?.value)) return undefined
  const shown = (way: Engagement): readonly string[] | undefined => {
    const found = deedsFor(way, events, at)
    const { at_least: least = 1 } = way
    return found.length < least ? undefined : found.slice(0, least).map(({ id }) => id)
  }
  const ways = 'any' in engagement ? [engagement.any.map(shown).find((ids) => ids)] : engagement.all.map(shown)
  if (ways.includes(undefined)) return undefined
  const told = testsOf(fit).flatMap(({ test }) => fields.get(test.field)?.event ?? [])
  return [...new Set([...told, ...ways.flatMap((ids) => ids ?? [])])].slice(0, MOST_REASONS)
}

/** The deeds that count for a way to engage at an instant, each once, the earliest first. */
export function deedsFor(
  { event, kind, within }: Engagement,
  events: LeadFacts['events'],
  at: Instant,
): LeadFacts['events'] {
  const since = within === undefined ? Number.NEGATIVE_INFINITY : at - millisOf(within)
  const found = events.filter(
    (one) => one.type === event && one.at > since && one.at <= at && (kind === undefined || kind.includes(one.kind)),
  )
  return [...new Map(found.map((one) => [one.id, one])).values()].toSorted(
    (a, b) => a.at - b.at || (a.id < b.id ? -1 : 1),
  )
}
