import type { Scalar } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Json } from '../reactor.js'

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
export type LeadKept = {
  readonly person?: string
  readonly visitor?: string
  readonly stage?: string
  /** Converted or lost: nothing is done about it. */
  readonly closed?: boolean
  readonly fields: Readonly<Record<string, Told>>
  readonly deeds: readonly Deed[]
  /** The queue whose member has it. */
  readonly queue?: string
}

/** What it keeps of a visitor. */
export type VisitorKept = {
  readonly person?: string
  readonly leads: readonly string[]
  readonly deeds: readonly Deed[]
  readonly first?: FirstTouch
}

/** What it keeps of a person. */
export type PersonKept = {
  readonly visitors: readonly string[]
  readonly leads: readonly string[]
  /** Ids that were merged with this one, whichever absorbed the other. */
  readonly same: readonly string[]
  /** The company that it was matched to, or is about to be, and the event that told. */
  readonly account?: { readonly id: string; readonly event: string }
  /** What was said on attribution, as it came. */
  readonly consents?: readonly Said[]
}

/** A word on attribution. */
export type Said = {
  readonly at: Instant
  readonly given: boolean
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

/** What it keeps of the definitions: what of its rules was applied so far. */
export type RulesKept = {
  readonly applied: readonly {
    readonly definition: string
    readonly version: number
    readonly effective: Instant
    readonly recorded: Instant
    readonly hash: string
    readonly content: Json
  }[]
  readonly firstBusiness?: Instant
}

export type Kept = LeadKept | VisitorKept | PersonKept | AccountKept | PlaceKept | RulesKept

/** Kinds of touch are counted up to this many a visitor; the oldest are forgotten. */
const MOST_DEEDS = 200

export const withDeed = (deeds: readonly Deed[], deed: Deed): readonly Deed[] => [...deeds, deed].slice(-MOST_DEEDS)

/** A list with one more key, once. */
export const withKey = (keys: readonly string[], key: string): readonly string[] =>
  keys.includes(key) ? keys : [...keys, key]
