/** What the fictional company of the demo looks like. All names are made up. */

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
  { id: 'paid_social', share: 16, quality: 0.55, campaigns: ['founders-video', 'retargeting'] },
  { id: 'email', share: 10, quality: 1.2, campaigns: ['monthly-letter', 'trial-nurture'] },
  { id: 'referral', share: 8, quality: 1.5, campaigns: ['customer-stories'] },
  { id: 'partner', share: 6, quality: 1.4, campaigns: ['integrators'] },
  { id: 'event', share: 4, quality: 1.3, campaigns: ['ops-summit'] },
  { id: 'direct', share: 4, quality: 1.0, campaigns: [] },
]

/** A market segment: its share of leads and the usual size of a deal in US cents. */
export interface Segment {
  readonly id: string
  readonly share: number
  readonly amount: number
}

export const segments: readonly Segment[] = [
  { id: 'small', share: 55, amount: 420_000 },
  { id: 'mid-market', share: 33, amount: 1_900_000 },
  { id: 'enterprise', share: 12, amount: 8_500_000 },
]

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
export const marketers = ['mara', 'idris', 'linnea'] as const
export const sellers = ['okoye', 'brandt', 'silva', 'tanaka', 'novak'] as const
export const products = ['starter', 'team', 'scale'] as const
/** Stages a lead goes through before a deal is opened, in order. */
export const leadStages = ['mql', 'sal', 'sql', 'opportunity'] as const
export const dealStages = ['discovery', 'proposal', 'negotiation'] as const
export const lossReasons = ['price', 'no decision', 'competitor', 'missing feature', 'timing'] as const
export const disqualified = ['too small', 'no budget', 'student', 'not reachable'] as const
