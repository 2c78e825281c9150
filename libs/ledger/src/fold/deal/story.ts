import type { Fact } from '../fact.js'

/** Minor units of a currency. */
export interface Money {
  readonly minor: number
  readonly currency: string
}

export type Outcome = 'open' | 'won' | 'lost'

/** What a deal is after a fact. */
export interface Standing {
  readonly outcome: Outcome
  readonly stage?: string
  readonly amount?: Money
}

/** A deal through time, by fact order. */
export interface DealStory {
  /** The standing after each fact. */
  readonly steps: readonly Standing[]
  /** Index of the first opening. */
  readonly opened: number | undefined
  /** Index of the close that stands: the first report of this outcome since the deal had another. */
  readonly closed: number | undefined
}

/**
 * Reads the facts of a deal.
 *
 * A deal is open from its first fact, whatever that is, until a fact says won or lost; then it stays closed until it is
 * reopened, so a report of a stage or an opening that comes after the close changes no outcome. Won twice is won once;
 * won and then lost is lost. Stage and amount are the latest told.
 */
export function dealStory(facts: readonly Fact[]): DealStory {
  const steps: Standing[] = []
  let opened: number | undefined
  let closed: number | undefined
  let now: Standing = { outcome: 'open' }
  for (const [index, { type, data }] of facts.entries()) {
    const { stage, amount } = data as { stage?: string; amount?: Money }
    const outcome = outcomes[type] ?? now.outcome
    if (type === 'deal.opened') opened ??= index
    if (outcome !== now.outcome) closed = outcome === 'open' ? undefined : index
    now = {
      ...now,
      outcome,
      ...(stage === undefined ? {} : { stage }),
      ...(amount === undefined ? {} : { amount }),
    }
    steps.push(now)
  }
  return { steps, opened, closed }
}

const outcomes: { readonly [type in Fact['type']]?: Outcome } = {
  'deal.won': 'won',
  'deal.lost': 'lost',
  'deal.reopened': 'open',
}
