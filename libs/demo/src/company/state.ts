import type { Instant } from '@funnel/events'
import type { Dice } from './dice.js'

export interface Visitor {
  readonly id: string
  readonly channel: string
  readonly campaign?: string
  /** How likely it is that something comes of it; 1 is ordinary. */
  readonly worth: number
}

/** A person who may come again. */
export interface Person {
  readonly id: string
  readonly visitor: Visitor
  readonly account?: string
  newsletter: boolean
}

export interface Account {
  readonly id: string
  readonly domain: string
  readonly segment: string
  readonly employees: number
}

/** A lead that something may come of. */
export interface Lead {
  readonly id: string
  readonly person: string
  readonly visitor: Visitor
  readonly segment: string
  /** The person had a lead before. */
  readonly again: boolean
  /** Nobody who buys. */
  readonly student: boolean
  account?: string
  /** The marketer who looks after it. */
  readonly marketer: string
  /** Who works on it in sales. */
  seller?: string
  /** The offer that is open. */
  handoff?: string
  /** Who gets it when nobody answers. */
  fallback?: string
  offers: number
  /** Where it is with sales; undefined before. */
  stage?: 'sal' | 'sql'
  /** Times that sales has tried. */
  tries: number
}

export interface Deal {
  readonly id: string
  readonly lead: string
  readonly person: string
  readonly seller: string
  readonly worth: number
  /** Index in `dealStages`. */
  stage: number
  minor: number
}

interface OfLead {
  readonly lead: string
}
interface OfDeal {
  readonly deal: string
}
interface OfSeller {
  readonly seller: string
}

/** What the company may plan, and of whom. */
export interface Plans {
  visit: object
  page: { readonly visitor: Visitor; readonly left: number }
  newsletter: object
  insight: object
  fair: object
  enrich: OfLead
  engage: OfLead
  /** Marketing looks again at a lead that nothing came of. */
  care: OfLead
  offer: OfLead
  answer: OfLead & OfSeller & { readonly handoff: string }
  /** The platform should have said by now what became of an offer. */
  forget: OfLead & { readonly handoff: string }
  /** What was said comes to be entered; it may have happened earlier. */
  work: OfLead & { readonly happened?: Instant }
  celebrate: OfLead
  deal: OfDeal
  reopen: OfDeal
  leave: OfSeller
  return: OfSeller
}

/** Something that is to be done at an instant of the company's own time. */
export type Plan = {
  readonly [Do in keyof Plans]: { readonly do: Do; readonly at: Instant } & Readonly<Plans[Do]>
}[keyof Plans]

/**
 * The company at one moment: plain JSON, so that it can be saved and gone on with. It does not grow with time: whatever it
 * knows of is planned to end, or is in a pool of limited size.
 */
export interface Company extends Dice {
  readonly name: string
  /** Visits to the site on an average day; all else follows from them. */
  readonly visitsPerDay: number
  readonly founded: Instant
  /** Its own time goes `pace` times as fast as the platform's since both were these. */
  clock: { readonly own: Instant; readonly platform: Instant; readonly pace: number }
  /** How far it has come, in its own time. */
  now: Instant
  /** Made so far; parts of ids. */
  made: { acts: number; visitors: number; people: number; accounts: number; leads: number; deals: number }
  /** What is to be done; the next comes last. */
  plans: Plan[]
  visitors: Visitor[]
  people: Person[]
  accounts: Account[]
  leads: Record<string, Lead>
  deals: Record<string, Deal>
  /** Sellers on vacation. */
  away: string[]
}
