import { oneOf, type Dice } from './dice.js'

/** Who and what the fictional company is. All names are made up. */

/** A marketing channel: its share of new visitors, how good its leads are, and its campaigns. */
export interface Channel {
  readonly id: string
  readonly share: number
  /** Factor on the chance that a lead goes on and a deal is won. */
  readonly quality: number
  readonly campaigns: readonly string[]
}

export const channels: readonly Channel[] = [
  { id: 'organic_search', share: 30, quality: 1.1, campaigns: ['evergreen'] },
  { id: 'paid_search', share: 22, quality: 0.9, campaigns: ['brand-terms', 'crm-alternatives'] },
  { id: 'paid_social', share: 16, quality: 0.7, campaigns: ['founders-video', 'retargeting'] },
  { id: 'email', share: 10, quality: 1.2, campaigns: ['monthly-letter', 'trial-nurture'] },
  { id: 'referral', share: 8, quality: 1.5, campaigns: ['customer-stories'] },
  { id: 'partner', share: 6, quality: 1.4, campaigns: ['integrators'] },
  { id: 'event', share: 4, quality: 1.3, campaigns: ['ops-summit'] },
  { id: 'direct', share: 4, quality: 1, campaigns: [] },
]

/** Marketing's bad idea: for a few weeks it floods sales with people who want the prize. */
export const prizeDraw: Channel = { id: 'paid_social', share: 55, quality: 0.2, campaigns: ['win-a-tablet'] }
export const wantsPrize = (campaign: string | undefined): boolean => campaign === prizeDraw.campaigns[0]

/** A market segment: its share of leads, how many people its companies have, and the usual size of a deal in US cents. */
export interface Segment {
  readonly id: string
  readonly share: number
  readonly employees: number
  readonly amount: number
}

export const segments: readonly Segment[] = [
  { id: 'small', share: 55, employees: 12, amount: 420_000 },
  { id: 'mid-market', share: 33, employees: 180, amount: 1_900_000 },
  { id: 'enterprise', share: 12, employees: 2400, amount: 8_500_000 },
]

/** Somebody in sales, with habits. */
export interface Seller {
  readonly id: string
  readonly team: 'commercial' | 'enterprise'
  /** Until an offer is answered, as a rule; minutes of a working day. */
  readonly minutes: number
  /** Until a lead that is now theirs is called, as a rule; minutes of a working day. */
  readonly calls: number
  /** Chance that this first call is put off for days. */
  readonly putsOff: number
  /** Chance that such a thing is done outside working hours, too: from early to late on every day of the week. */
  readonly evenings: number
  /** Offers that come on a Friday are left to expire. */
  readonly fridays: boolean
  /** Chance that an offer is overlooked. */
  readonly overlooks: number
  /** Chance that an ordinary lead is rejected. */
  readonly rejects: number
  /** What is said of every rejected lead; `first`: whatever stands first in a list of reasons, in any such list. */
  readonly says: 'no-budget' | 'first' | undefined
  /** Factor on the chance that a deal is won. */
  readonly closes: number
}

const ordinary = {
  team: 'commercial',
  minutes: 90,
  evenings: 0.6,
  calls: 40,
  putsOff: 0.08,
  fridays: false,
  overlooks: 0.03,
  rejects: 0.15,
  says: undefined,
  closes: 1,
} as const

export const sellers: readonly Seller[] = [
  // closes best of all, and has too much to do: what comes in waits
  { ...ordinary, id: 'okoye', team: 'enterprise', minutes: 45, evenings: 0.9, calls: 55, putsOff: 0.2, closes: 1.25 },
  // answers at once, and never looks at a list of reasons beyond its first line
  { ...ordinary, id: 'brandt', team: 'enterprise', minutes: 6, evenings: 1, calls: 10, putsOff: 0.04, says: 'first' },
  // manages, sells, and gets what nobody answered
  { ...ordinary, id: 'silva', minutes: 150, evenings: 0.3, calls: 150, putsOff: 0.4, overlooks: 0.08, closes: 1.1 },
  { ...ordinary, id: 'tanaka', minutes: 60, fridays: true, rejects: 0.1 },
  { ...ordinary, id: 'novak', minutes: 40, rejects: 0.42, says: 'no-budget', closes: 0.85 },
]

/** The habits of a person in sales; of one whom nobody knows those of an ordinary one. */
export const sellerNamed = (id: string): Seller => sellers.find((seller) => seller.id === id) ?? { ...ordinary, id }

/** Somebody in marketing, with a habit. */
export interface Marketer {
  readonly id: string
  /** Chance that a rejected lead is mended within a day. */
  readonly mends: number
}

export const marketers: readonly Marketer[] = [
  { id: 'mara', mends: 0.95 },
  { id: 'idris', mends: 0.4 },
  { id: 'linnea', mends: 0.85 },
]

export const marketerNamed = (id: string): Marketer | undefined => marketers.find((marketer) => marketer.id === id)

export const pages = [
  '/',
  '/product',
  '/pricing',
  '/customers',
  '/blog/funnel-math',
  '/docs',
  '/compare',
  '/security',
] as const
/** What people ask for in a form, and where it is. */
export const forms = [
  { origin: 'signup', share: 40, page: '/signup' },
  { origin: 'demo-request', share: 22, page: '/demo' },
  { origin: 'content', share: 24, page: '/ebook/one-funnel' },
  { origin: 'webinar', share: 14, page: '/webinar' },
] as const
export const roles = ['operations', 'marketing', 'sales', 'finance', 'founder'] as const
export const products = ['starter', 'team', 'scale'] as const
export const dealStages = ['discovery', 'proposal', 'negotiation'] as const

/** Reasons that are given, by the kind of decision; ids of the shared taxonomies, but for those that need a note. */
export const reasons = {
  rejected: ['not-qualified', 'wrong-contact', 'wrong-territory', 'bad-data', 'no-budget', 'duplicate'],
  disqualified: ['too-small', 'no-budget', 'no-need', 'not-reachable', 'student', 'competitor', 'duplicate'],
  recycled: ['not-now', 'no-answer', 'no-budget-yet', 'change-of-contact'],
  lost: ['price', 'no-decision', 'competitor', 'missing-feature', 'timing'],
} as const

/** The reason that somebody gives, of a list. */
export const reasonBy = (dice: Dice, seller: string, list: readonly string[]): string =>
  sellerNamed(seller).says === 'first' ? list[0]! : oneOf(dice, list)

const syllables = ['nor', 'val', 'tek', 'lin', 'mar', 'osa', 'ved', 'kor', 'bel', 'sol', 'ira', 'hol', 'ten', 'pax']

/** The made-up name of the nth company. */
export function companyName(n: number): string {
  const at = (place: number) => syllables[Math.floor(n / syllables.length ** place) % syllables.length]!
  const name = `${at(0)}${at(1)}${at(2)}`
  return `${name[0]!.toUpperCase()}${name.slice(1)}`
}
