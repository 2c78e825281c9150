import type { Reasoned } from '../reasons.js'

interface About {
  readonly deal: string
}
export interface Money {
  /** Minor units of `currency`; a safe integer. */
  readonly minor: number
  /** ISO 4217. */
  readonly currency: string
}
interface Contact extends About {
  readonly person: string
  readonly role: string
}

/** What can be asked of a deal. */
export type DealCommand =
  | ({
      readonly type: 'deal.open'
      readonly lead?: string
      readonly person?: string
      readonly account?: string
      readonly owner?: string
      readonly stage?: string
      readonly amount?: Money
      readonly properties?: Readonly<Record<string, string | number | boolean | null>>
    } & About)
  | ({ readonly type: 'deal.move'; readonly stage: string } & About)
  | ({ readonly type: 'deal.change-amount'; readonly amount: Money } & About)
  | ({ readonly type: 'deal.assign'; readonly owner: string; readonly because?: readonly string[] } & About)
  /** `day` as YYYY-MM-DD. */
  | ({ readonly type: 'deal.expect-close'; readonly day: string } & About)
  | ({ readonly type: 'deal.win'; readonly amount?: Money } & About)
  | ({ readonly type: 'deal.lose' } & About & Reasoned)
  | ({ readonly type: 'deal.reopen'; readonly stage?: string } & About)
  | ({ readonly type: 'deal.add-contact' } & Contact)
  | ({ readonly type: 'deal.remove-contact' } & Contact)
