import type { Instant } from '@funnel/events'
import type { Reasoned } from '../reasons.js'

interface About {
  readonly lead: string
}
interface Because {
  /** Ids of the events that led to it. */
  readonly because?: readonly string[]
}
interface OfHandoff extends About {
  readonly handoff: string
}

/** What can be asked of a lead and of its handoffs. */
export type LeadCommand =
  | ({ readonly type: 'lead.advance'; readonly stage: string } & About)
  | ({
      readonly type: 'lead.qualify'
      readonly stage: string
      readonly rule: string
      readonly ruleVersion: number
    } & About &
      Because)
  | ({ readonly type: 'lead.disqualify' } & About & Reasoned)
  | ({ readonly type: 'lead.recycle'; readonly stage: string } & About & Reasoned)
  | ({ readonly type: 'lead.convert'; readonly deal?: string } & About)
  | ({ readonly type: 'lead.reverse-conversion' } & About & Reasoned)
  | ({ readonly type: 'lead.assign'; readonly owner: string } & About & Because)
  | ({
      readonly type: 'handoff.offer'
      /** The person it is offered to; else the queue. */
      readonly assignee?: string
      readonly queue?: string
      readonly deadline: Instant
      /** Who gets the lead when nobody answers in time. */
      readonly fallback?: string
    } & OfHandoff)
  | ({ readonly type: 'handoff.accept'; readonly owner: string } & OfHandoff)
  | ({ readonly type: 'handoff.reject' } & OfHandoff & Reasoned)
  | ({ readonly type: 'handoff.expire' } & OfHandoff)
  | ({ readonly type: 'handoff.withdraw' } & OfHandoff)
  | ({ readonly type: 'handoff.raise-feedback'; readonly channel?: string; readonly campaign?: string } & OfHandoff &
      Because)

/** The command of this type. */
export type OfType<Type extends LeadCommand['type']> = Extract<LeadCommand, { readonly type: Type }>
