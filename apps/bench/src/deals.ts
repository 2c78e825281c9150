import type { DealCommand } from '@funnel/domain'

/** What is asked of a deal, one after the other. */
export const life = (deal: string): readonly [DealCommand, DealCommand, ...DealCommand[]] => [
  { type: 'deal.open', deal, owner: 'ann', stage: 'proposal', amount: { minor: 100_000, currency: 'EUR' } },
  { type: 'deal.move', deal, stage: 'negotiation' },
  { type: 'deal.change-amount', deal, amount: { minor: 90_000, currency: 'EUR' } },
  { type: 'deal.win', deal },
]

/** What is recorded of it. */
export const LIVED = ['deal.opened', 'deal.stage-entered', 'deal.amount-changed', 'deal.won']

/** How many deals had the same events, in this order, without a gap in their versions. */
export interface Lived {
  readonly types: readonly string[]
  readonly deals: number
}
