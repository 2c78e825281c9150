import type { Party, Scalar } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Clock } from '@funnel/sla'
import type { AgreedKept } from '../agreed.js'
import type { Consents } from '../ties/attribution.js'
import type { LeadTies, PersonTies, VisitorTies } from '../ties/ties.js'

/** What an event does to the clocks of a policy that run. */
export type Role = 'stop' | 'cancel' | 'resume' | 'pause'

/** Who is to keep a promise, and their team; neither where nobody has the lead. */
export type Whose = {
  readonly owner?: string
  readonly team?: string
}

/** A clock of a lead. */
export type ClockKept = {
  /** `<policy>/<id of the event that started it>`. */
  readonly id: string
  readonly policy: string
  readonly party: Party
  /** When its start counts as known: it is judged by what was agreed then. */
  readonly begun: Instant
  readonly clock: Clock
  /** The clock that it belongs to, by what is known; absent where there is none. */
  readonly parent?: string
  /** Whose it was when something was told of it last; absent where that was not kept yet. */
  readonly whose?: Whose
  /** The event that told the verdict that stands; absent while it is open. */
  readonly told?: string
  /** When it is looked at next. */
  readonly next?: Instant
}

/** An event that does something to clocks of these policies: known to a clock whose start comes to be known after it. */
export type Act = {
  readonly id: string
  readonly occurred: Instant
  readonly recorded: Instant
  readonly does: readonly { readonly policy: string; readonly role: Role }[]
}

/** What the monitor keeps of a lead. */
export type LeadKept = LeadTies & {
  /**
   * `owner`, `account`, `stage`, `properties.<name>`, and `in-sales`, its owner or whom it was offered to: as what
   * happened last tells.
   */
  readonly fields: Readonly<Record<string, { readonly value: Scalar | null; readonly at: Instant }>>
  readonly clocks: readonly ClockKept[]
  readonly acts: readonly Act[]
}

/** What it keeps of a visitor. */
export type VisitorKept = VisitorTies & {
  /** The first touch that may be attributed. */
  readonly first?: { readonly at: Instant; readonly channel?: string; readonly campaign?: string }
}

/** What it keeps of a person. */
export type PersonKept = PersonTies &
  Consents & {
    /** The company that it was matched to last. */
    readonly account?: string
  }

/** A period of a policy. */
export type PeriodKept = {
  /** `<policy>/<first day>`. */
  readonly id: string
  readonly policy: string
  readonly from: Instant
  readonly to: Instant
  /** When it was begun: as the log had come so far. */
  readonly begun: Instant
  /** It was over when the first of it came to be known. */
  readonly historical: boolean
  /** Events that count, and of a share those that they are among. */
  readonly count: number
  readonly among: number
  /** The verdict that stands, and the event that told it. */
  readonly outcome?: 'met' | 'breached' | 'cancelled'
  readonly told?: string
}

/** What it keeps of the policies about periods. */
export type PeriodsKept = {
  readonly open: readonly PeriodKept[]
  /** By policy, up to when periods are closed for good. */
  readonly closed: Readonly<Record<string, Instant>>
}

export type Kept = LeadKept | VisitorKept | PersonKept | PeriodsKept | AgreedKept
