import type { Measure, Versions } from '@funnel/definitions'
import { lineOf, type Line, type Unmeasured } from '../../line.js'
import { sameDims } from '../compare.js'
import { dimsAlong } from '../dims.js'
import { startedSeconds } from '../elapsed.js'
import type { DealState } from '../state.js'
import { dealStory, type Money, type Standing } from './story.js'

/**
 * What a deal adds to the measures: a pure function of its facts and of what its lead passes on.
 *
 * - `deal.opened(.value)`: the first opening, with the amount that it names itself.
 * - `deal.won(.value)`, `deal.lost(.value)`: the outcome that stands, in the period of the close, at the latest known
 *   amount: an amount that changes after the win re-prices it. A reopened deal has no outcome; what it had is reversed in
 *   its own period. Without an amount there is a count and no value. Cohort and `elapsed` are those of the first opening;
 *   a deal that was never opened has none, and one that was opened after it closed has a negative one.
 * - `deal.open(.value)`, `deal.won.standing`: stocks, moved at the instant of each change of outcome, stage, amount or
 *   dimension value at the event.
 *
 * An amount of zero is a value of nothing and makes no line. Amounts of several currencies stand side by side.
 */
export function dealLines(id: string, state: DealState, versions: Versions): Line[] {
  const { facts } = state
  const { steps, opened, closed } = dealStory(facts)
  const dims = dimsAlong(versions, 'deal', facts, state)
  const subject = { kind: 'deal', id } as const
  const at = (index: number): Unmeasured => ({ occurred: facts[index]!.at, subject, dims: dims[index]! })
  const lines: Line[] = []
  if (opened !== undefined)
    lines.push(...counted('deal.opened', at(opened), facts[opened]!.data['amount'] as Money | undefined))
  for (const [index, now] of steps.entries()) {
    const before = steps[index - 1]
    if (before && sameStanding(before, now) && sameDims(dims[index - 1]!, dims[index]!)) continue
    if (before) lines.push(...levels(before, -1, { ...at(index), dims: dims[index - 1]! }))
    lines.push(...levels(now, 1, at(index)))
  }
  if (closed !== undefined) {
    const { outcome, amount } = steps.at(-1)!
    const start = opened === undefined ? undefined : facts[opened]!.at
    const line = {
      ...at(closed),
      ...(start === undefined ? {} : { cohort: start, elapsed: startedSeconds(start, facts[closed]!.at) }),
    }
    lines.push(...counted(outcome === 'won' ? 'deal.won' : 'deal.lost', line, amount))
  }
  return lines
}

/** A count and, where there is money in it, a value. */
function counted(
  measure: 'deal.opened' | 'deal.won' | 'deal.lost' | 'deal.open',
  line: Unmeasured,
  amount: Money | undefined,
  sign: 1 | -1 = 1,
): Line[] {
  const value: Measure = `${measure}.value`
  const count = lineOf(measure, sign, line)
  return amount?.minor ? [count, lineOf(value, sign * amount.minor, { ...line, currency: amount.currency })] : [count]
}

function levels({ outcome, stage, amount }: Standing, sign: 1 | -1, line: Unmeasured): Line[] {
  if (outcome === 'won') return [lineOf('deal.won.standing', sign, line)]
  if (outcome === 'lost') return []
  return counted('deal.open', { ...line, stage }, amount, sign)
}

const sameStanding = (a: Standing, b: Standing): boolean =>
  a.outcome === b.outcome &&
  a.stage === b.stage &&
  a.amount?.minor === b.amount?.minor &&
  a.amount?.currency === b.amount?.currency
