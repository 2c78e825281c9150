import type { Instant } from '@funnel/events'
import { knownAfter } from '../dims.js'
import { lastNamed, type Fact } from '../fact.js'
import type { DealState } from '../state.js'
import { leadOf } from './node.js'
import { dealStory, type Outcome } from './story.js'

/**
 * What stands out about a deal: `negative-cycle`, it closed before it was opened; `never-opened`, nobody reported an
 * opening; `future-time`, something told of it lay in the future and counts as of when it was recorded.
 */
export type DealFlag = 'negative-cycle' | 'never-opened' | 'future-time'

/** A row of the deal list. */
export interface DealRow {
  readonly deal: string
  readonly lead?: string
  readonly person?: string
  readonly account?: string
  readonly stage?: string
  readonly outcome: Outcome
  /** Minor units of `currency`. */
  readonly amount?: number
  readonly currency?: string
  readonly owner?: string
  readonly openedAt?: Instant
  readonly closedAt?: Instant
  readonly properties: Readonly<Record<string, unknown>>
  readonly flags: readonly DealFlag[]
}

/** The deal as it is known now. */
export function dealRow(id: string, { facts }: DealState): DealRow {
  const { steps, opened, closed } = dealStory(facts)
  const { outcome, stage, amount } = steps.at(-1) ?? { outcome: 'open' }
  const { owner, properties = {} } = knownAfter(facts).at(-1) ?? {}
  const openedAt = opened === undefined ? undefined : facts[opened]!.at
  const closedAt = closed === undefined ? undefined : facts[closed]!.at
  const optional = {
    lead: leadOf(facts),
    person: personOf(facts),
    account: lastNamed(facts, 'account'),
    stage,
    amount: amount?.minor,
    currency: amount?.currency,
    owner,
    openedAt,
    closedAt,
  }
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<DealRow>),
    deal: id,
    outcome,
    properties,
    flags: [
      ...(openedAt !== undefined && closedAt !== undefined && closedAt < openedAt ? (['negative-cycle'] as const) : []),
      ...(opened === undefined ? (['never-opened'] as const) : []),
      ...(facts.some(({ future }) => future) ? (['future-time'] as const) : []),
    ],
  }
}

/** Whom the deal is with, as told last; the person that a fact of a contact names is that contact. */
const personOf = (facts: readonly Fact[]): string | undefined =>
  lastNamed(
    facts.filter(({ type }) => type !== 'deal.contact-added' && type !== 'deal.contact-removed'),
    'person',
  )
