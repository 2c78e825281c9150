import type { Instant } from '@funnel/events'
import type { Line } from '../line.js'
import type { InForce } from './definitions.js'
import { valuesAt, type FromOthers } from './dimensions.js'
import { lastOf, type Happened } from './happened.js'

type Money = { readonly minor: number; readonly currency: string } | undefined

/** What a deal is after the first `count` of its facts. */
const outcomeAfter = (facts: readonly Happened[], count: number): 'open' | 'won' | 'lost' => {
  const last = facts.slice(0, count).findLast(({ type }) => /^deal\.(won|lost|reopened)$/.test(type))
  return last?.type === 'deal.won' ? 'won' : last?.type === 'deal.lost' ? 'lost' : 'open'
}

/** Index of the fact since which a deal has the outcome that it has in the end; −1 while it is open. */
function closedBy(facts: readonly Happened[]): number {
  const end = outcomeAfter(facts, facts.length)
  return end === 'open' ? -1 : facts.findLastIndex((_, i) => outcomeAfter(facts, i) !== end)
}

/** When a deal was won, if it stands won. */
export const wonAt = (facts: readonly Happened[]): Instant | undefined =>
  outcomeAfter(facts, facts.length) === 'won' ? facts[closedBy(facts)]?.at : undefined

/** What a deal adds, `facts` in order. */
export function dealContributions(
  id: string,
  facts: readonly Happened[],
  others: FromOthers,
  definitions: InForce,
): Line[] {
  const opening = facts.findIndex(({ type }) => type === 'deal.opened')
  const close = closedBy(facts)
  const dims = facts.map((_, i) => valuesAt(facts, i, 'deal', definitions, others))
  const line = (i: number, dimsOf: number, rest: Partial<Line> & Pick<Line, 'measure' | 'amount'>): Line => ({
    occurred: facts[i]!.at,
    subject: { kind: 'deal', id },
    dims: dims[dimsOf]!,
    ...rest,
  })
  const value = (amount: Money) => ({ amount: amount?.minor ?? 0, ...(amount && { currency: amount.currency }) })
  const cycle =
    opening < 0 || close < 0
      ? {}
      : {
          cohort: facts[opening]!.at,
          elapsed: Math.ceil((facts[close]!.at - facts[opening]!.at) / 1000) + 0,
        }
  /** The level that holds after fact `of`, entered or left at fact `at`. */
  const level = (of: number, at: number, sign: 1 | -1): Line[] => {
    if (of < 0) return []
    const outcome = outcomeAfter(facts, of + 1)
    if (outcome === 'won') return [line(at, of, { measure: 'deal.won.standing', amount: sign })]
    if (outcome === 'lost') return []
    const stage = lastOf(facts.slice(0, of + 1), 'stage') as string | undefined
    const money = value(lastOf(facts.slice(0, of + 1), 'amount') as Money)
    const where = stage === undefined ? {} : { stage }
    return [
      line(at, of, { measure: 'deal.open', amount: sign, ...where }),
      line(at, of, { measure: 'deal.open.value', ...money, amount: sign * money.amount, ...where }),
    ]
  }
  const outcome = outcomeAfter(facts, facts.length)
  return [
    ...(opening < 0
      ? []
      : [
          line(opening, opening, { measure: 'deal.opened', amount: 1 }),
          line(opening, opening, { measure: 'deal.opened.value', ...value(facts[opening]!.data['amount'] as Money) }),
        ]),
    ...(outcome === 'open'
      ? []
      : [
          line(close, close, { measure: `deal.${outcome}`, amount: 1, ...cycle }),
          line(close, close, {
            measure: `deal.${outcome}.value`,
            ...value(lastOf(facts, 'amount') as Money),
            ...cycle,
          }),
        ]),
    ...facts.flatMap((_, i) => [...level(i - 1, i, -1), ...level(i, i, 1)]),
  ]
}
