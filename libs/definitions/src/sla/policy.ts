import type { Condition } from '../condition/condition.js'
import type { Definition } from '../definitions.js'

/** Whose promise it is. */
export type Party = 'marketing' | 'sales'

/** What an event must be to do something to a clock. */
export interface EventPattern {
  /** Types of events, as `handoff.accepted`. */
  readonly event: readonly string[]
  /** Over the data of the event: `kind`, `stage`, `reason`, `owner`, `properties.<name>`; absent: any. */
  readonly where?: Condition
  /** Over the lead as it is known after the event: `owner`, `account`, `stage`, `properties.<name>`; absent: any. */
  readonly lead?: Condition
}

/** What follows when a promise was broken for so long. */
export interface Escalation {
  /** After how much lateness, in time that counts; `0s`: with the breach. */
  readonly after: string
  /** Destinations that are told, by their ids. */
  readonly notify?: readonly string[]
  /** Who gets the lead then: a person. */
  readonly reassign?: string
  /** Takes the owner out of turn in all queues until they are put back. */
  readonly pause?: true
}

/** By what a clock of some leads is judged. */
export interface PolicyTerms {
  /** Which leads; absent: all others. */
  readonly where?: Condition
  /** How much time there is, such as `4h`: of the calendar, or of the clock on the wall where there is none. */
  readonly target: string
  /**
   * `owner`: that of whoever has the lead, else that of their team; `team`: the team's; else of that id. `otherwise` where
   * nobody has it.
   */
  readonly calendar?: { readonly of: 'owner' | 'team'; readonly otherwise: string } | { readonly id: string }
  /** How long before it is due somebody is warned: one warning each; `notify` are the destinations. */
  readonly warnings?: readonly { readonly before: string; readonly notify?: readonly string[] }[]
  readonly escalations?: readonly Escalation[]
}

/** A promise about each lead: what starts a clock, and what must happen before it has run out. */
export interface LeadPolicy extends Definition {
  readonly party: Party
  readonly starts: readonly EventPattern[]
  /** Acts that fulfil it; the earliest counts. An automatic reply is none, where `where` leaves it out. */
  readonly stops: readonly EventPattern[]
  readonly cancels?: readonly EventPattern[]
  readonly pauses?: readonly EventPattern[]
  readonly resumes?: readonly EventPattern[]
  /**
   * The id of the policy about leads that this one is a part of, as the first answer is of all that is to happen within a
   * month. A clock that starts while one of the parent's runs for its lead belongs to it, and is void when that one is;
   * when that one is kept, it is judged on.
   */
  readonly parent?: string
  /**
   * `once`: the first start of a lead counts, and no other while its clock runs; a new one after it ended. `each`: every
   * start has a clock of its own, and an act stops all that run. `chained`: as `once`, and what stops a clock starts the next.
   */
  readonly recurs: 'once' | 'each' | 'chained'
  /**
   * The first whose condition holds: the more specific come first, the last takes all. Asked again when the lead or its
   * owner changes.
   */
  readonly terms: readonly PolicyTerms[]
}

/** A promise about each week, month or quarter: so many events, or such a share. It is judged when the period is over. */
export interface PeriodPolicy extends Definition {
  readonly party: Party
  readonly every: { readonly period: 'week' | 'month' | 'quarter'; readonly zone: string }
  /** `count` of events, or the share of those `among` that are `of`, judged only from a `sample` of so many. */
  readonly promise:
    | { readonly count: EventPattern; readonly at_least: number }
    | {
        readonly of: EventPattern
        readonly among: EventPattern
        readonly at_least: number
        readonly sample: number
      }
  readonly notify?: readonly string[]
}

export type SlaPolicy = LeadPolicy | PeriodPolicy

export const isPeriodic = (policy: SlaPolicy): policy is PeriodPolicy => 'every' in policy
