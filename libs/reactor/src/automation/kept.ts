import type { Scalar } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { AgreedKept } from '../agreed.js'
import type { Consents } from '../ties/attribution.js'
import type { LeadTies, PersonTies, VisitorTies } from '../ties/ties.js'

/** Something a lead did that may qualify it. */
export type Deed = {
  readonly id: string
  readonly type: 'touchpoint.recorded' | 'lead.engaged'
  readonly kind: string
  readonly at: Instant
}

/** A field of a lead and the event that told it. */
export type Told = {
  readonly value: Scalar | null
  readonly event: string
}

/** The first touch of a visitor, as far as rules ask for it. */
export type FirstTouch = {
  readonly id: string
  readonly at: Instant
  readonly channel?: string
  readonly campaign?: string
}

/** What automation keeps of a lead. */
export type LeadKept = LeadTies & {
  readonly stage?: string
  /** Converted or lost: nothing is done about it. */
  readonly closed?: boolean
  readonly fields: Readonly<Record<string, Told>>
  readonly deeds: readonly Deed[]
  /** The queue that it was given to last, while it is open there. */
  readonly queue?: string
  /** Other queues in which it is open, the last first: it was given to a member of each before. */
  readonly earlier?: readonly string[]
}

/** What it keeps of a visitor. */
export type VisitorKept = VisitorTies & {
  readonly deeds: readonly Deed[]
  readonly first?: FirstTouch
}

/** What it keeps of a person. */
export type PersonKept = PersonTies &
  Consents & {
    /** The company that it was matched to, or is about to be, and the event that told. */
    readonly account?: { readonly id: string; readonly event: string }
  }

/** What it keeps of a company. */
export type AccountKept = {
  readonly company?: string
  readonly domains: readonly string[]
  /** When it was first recorded. */
  readonly since: Instant
}

/** What it keeps of a place of work: a domain, or the name of a company. */
export type PlaceKept = {
  /** Companies there. */
  readonly accounts: readonly string[]
  /** Leads whose person has no company yet, in the order in which they came. */
  readonly waiting: readonly string[]
}

export type Kept = LeadKept | VisitorKept | PersonKept | AccountKept | PlaceKept | AgreedKept

/** Kinds of touch are counted up to this many a visitor; the oldest are forgotten. */
const MOST_DEEDS = 200

export const withDeed = (deeds: readonly Deed[], deed: Deed): readonly Deed[] => [...deeds, deed].slice(-MOST_DEEDS)
