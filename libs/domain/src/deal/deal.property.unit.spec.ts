import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { typeOf } from '@funnel/events'
import { evolved, type Happened } from '../decider.js'
import { play, type Step } from '../testing/play.js'
import { acts, asking, numRuns, reporting } from '../testing/random-acts.js'
import { NOTE, reasons } from '../testing/reasons.js'
import type { DealCommand } from './commands.js'
import { dealDecider } from './deal.js'
import { outcomeOf, type DealState } from './state.js'

const decider = dealDecider({ reasons })

const of = { deal: fc.constant('d1') }
const stage = fc.constantFrom('demo', 'contract')
const owner = fc.constantFrom('ann', 'bob')
const amount = fc.record({
  minor: fc.constantFrom(0, 100, -5, 0.5, 2 ** 53),
  currency: fc.constantFrom('USD', 'EUR', 'euro'),
})
const valid = fc.record({ minor: fc.constantFrom(0, 100), currency: fc.constantFrom('USD', 'EUR') })
const contact = { ...of, person: fc.constantFrom('p1', '__proto__'), role: fc.constantFrom('buyer', 'constructor') }
const commands = [
  asking<DealCommand>('deal.open', of, { stage, amount, owner, lead: fc.constant('l1') }),
  asking<DealCommand>('deal.move', { ...of, stage }),
  asking<DealCommand>('deal.change-amount', { ...of, amount }),
  asking<DealCommand>('deal.assign', { ...of, owner }),
  asking<DealCommand>('deal.expect-close', { ...of, day: fc.constantFrom('2026-02-01', '2026-02-30') }),
  asking<DealCommand>('deal.win', of, { amount }),
  asking<DealCommand>(
    'deal.lose',
    { ...of, reason: fc.constantFrom('fit', 'other', 'mood') },
    { note: fc.constant(NOTE) },
  ),
  asking<DealCommand>('deal.reopen', of, { stage }),
  asking<DealCommand>('deal.add-contact', contact),
  asking<DealCommand>('deal.remove-contact', contact),
]
const reports = [
  reporting('deal.opened', of, { stage, amount: valid, owner }),
  reporting('deal.stage-entered', { ...of, stage }, { owner }),
  reporting('deal.amount-changed', { ...of, amount: valid }),
  reporting('deal.won', of, { amount: valid }),
  reporting('deal.lost', of),
  reporting('deal.reopened', of, { stage }),
]
const lives = acts<DealCommand>(commands, reports)

describe('a deal, whatever is asked and reported', () => {
  it('is decided about or refused, and what is decided is of the published language', () => {
    let decided = 0
    fc.assert(
      fc.property(lives, (life) => {
        decided += play(decider, life).filter(({ command, events }) => command && events.length).length
      }),
      { numRuns },
    )
    expect(decided).toBeGreaterThan(numRuns)
  })

  it('is after its events what it was when they were decided, and what they tell in the order in which they happened', () => {
    fc.assert(
      fc.property(lives, (life) => {
        const steps = play(decider, life)
        const after = steps.at(-1)?.after ?? decider.initialState
        const told = steps.flatMap(({ events }) => events)
        expect(evolved(decider, told)).toEqual(after)
        expect(outcomeOf(after)).toBe(outcomeTold(told))
        expect(after.amount?.value).toEqual(lastTold(told, 'amount'))
        expect(after.stage?.value).toBe(lastTold(told, 'stage'))
        expect(after.owner?.value).toBe(lastTold(told, 'owner'))
      }),
      { numRuns },
    )
  })

  it('is opened once, closes only when open, reopens only when closed, and changes with every decision', () => {
    const check = ({ command, before, events }: Step<DealCommand, DealState>) => {
      if (!command) return
      for (const { type, data } of events) {
        if (type === 'deal.opened') expect(before.known).toBe(false)
        if (['deal.won', 'deal.lost', 'deal.stage-entered'].includes(type)) expect(outcomeOf(before)).toBe('open')
        if (type === 'deal.reopened') expect(outcomeOf(before)).not.toBe('open')
        if (type === 'deal.amount-changed') expect(data.amount).not.toEqual(before.amount?.value)
        if (type === 'deal.stage-entered') expect(data.stage).not.toBe(before.stage?.value)
      }
    }
    fc.assert(
      fc.property(lives, (life) => play(decider, life).forEach(check)),
      { numRuns },
    )
  })

  it('evolves from events in whatever order', () => {
    fc.assert(
      fc.property(
        lives.chain((life) => {
          const events = play(decider, life).flatMap(({ events }) => events)
          return fc.shuffledSubarray(events, { minLength: events.length }).map((shuffled) => ({ events, shuffled }))
        }),
        // no two facts are of one instant, so it does not matter how they come
        ({ events, shuffled }) => expect(evolved(decider, shuffled)).toEqual(evolved(decider, events)),
      ),
      { numRuns },
    )
  })
})

/** Facts as the folds order them. */
const inOrder = (told: readonly Happened[]): Happened[] =>
  told.toSorted((a, b) => a.at - b.at || typeOf(a.type)!.rank - typeOf(b.type)!.rank)

const lastTold = (told: readonly Happened[], field: string): unknown =>
  inOrder(told)
    .map(({ data }) => (data as Readonly<Record<string, unknown>>)[field])
    .findLast((value) => value !== undefined)

function outcomeTold(told: readonly Happened[]): string {
  const close = inOrder(told).findLast(({ type }) => /^deal\.(won|lost|reopened)$/.test(type))
  return close && close.type !== 'deal.reopened' ? close.type.slice('deal.'.length) : 'open'
}
