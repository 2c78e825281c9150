import * as fc from 'fast-check'
import { derivedId, type FunnelEvent, type Recorded } from '@funnel/events'
import { recordedLog, type Happening } from './recorded-log.js'

const T0 = Date.UTC(2026, 0, 1)
const some = (...names: string[]) => fc.constantFrom(...names)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
// names that are properties of every object are names like any other
const visitor = some('v1', 'v2', '__proto__')
const person = some('p1', 'p2')
const lead = some('l1', 'constructor')
const deal = some('d1', '__proto__')
const owner = some('o1', 'o2')
const stage = some('mql', 'sal', 'sql', 'opportunity', 'nowhere')
const dealStage = some('s1', 's2')
const amount = fc.record({ minor: some('0', '100', '250').map(Number), currency: some('USD', 'EUR') })
const properties = fc.constantFrom(
  undefined,
  { origin: 'web' },
  { origin: '', segment: 'big', size: 1 },
  { origin: 'unknown', product: 'a' },
  { segment: 'small', size: '1' },
  { segment: null, product: 'b' },
)

const kinds: readonly { weight: number; type: FunnelEvent['type']; data: fc.Arbitrary<Record<string, unknown>> }[] = [
  {
    weight: 12,
    type: 'touchpoint.recorded',
    data: fc.record({
      visitor,
      kind: some('page', 'form'),
      channel: maybe(some('c1', 'c2', 'c3')),
      campaign: maybe(some('a1', 'a2')),
      properties,
    }),
  },
  { weight: 8, type: 'visitor.identified', data: fc.record({ visitor, person }) },
  {
    weight: 6,
    type: 'lead.captured',
    data: fc.record({
      lead,
      person: fc.option(person, { nil: undefined, freq: 4 }),
      visitor: maybe(visitor),
      owner: maybe(owner),
      properties,
    }),
  },
  {
    weight: 5,
    type: 'lead.stage-entered',
    data: fc.record({
      lead,
      stage,
      person: fc.option(person, { nil: undefined, freq: 3 }),
      visitor: maybe(visitor),
      owner: maybe(owner),
      properties,
    }),
  },
  { weight: 1, type: 'lead.qualified', data: fc.record({ lead, stage }) },
  { weight: 1, type: 'lead.recycled', data: fc.record({ lead, stage }) },
  { weight: 1, type: 'lead.disqualified', data: fc.record({ lead, stage }) },
  { weight: 2, type: 'lead.converted', data: fc.record({ lead, stage: maybe(stage) }) },
  { weight: 2, type: 'lead.conversion-reversed', data: fc.record({ lead }) },
  { weight: 1, type: 'lead.assigned', data: fc.record({ lead, owner }) },
  { weight: 1, type: 'handoff.offered', data: fc.record({ lead }) },
  { weight: 1, type: 'handoff.accepted', data: fc.record({ lead, owner, stage: maybe(stage) }) },
  { weight: 1, type: 'handoff.rejected', data: fc.record({ lead }) },
  { weight: 1, type: 'handoff.expired', data: fc.record({ lead }) },
  { weight: 1, type: 'handoff.withdrawn', data: fc.record({ lead }) },
  {
    weight: 3,
    type: 'deal.opened',
    data: fc.record({
      deal,
      lead: maybe(lead),
      stage: maybe(dealStage),
      amount: maybe(amount),
      owner: maybe(owner),
      properties,
    }),
  },
  {
    weight: 2,
    type: 'deal.stage-entered',
    data: fc.record({ deal, stage: dealStage, lead: maybe(lead), account: maybe(some('a', 'b')) }),
  },
  { weight: 2, type: 'deal.amount-changed', data: fc.record({ deal, amount, owner: maybe(owner) }) },
  { weight: 4, type: 'deal.won', data: fc.record({ deal, lead: maybe(lead), amount: maybe(amount), properties }) },
  { weight: 2, type: 'deal.lost', data: fc.record({ deal, owner: maybe(owner) }) },
  { weight: 3, type: 'deal.reopened', data: fc.record({ deal, stage: maybe(dealStage) }) },
]

/** Few subjects, so that they meet; few instants, some of them a few milliseconds apart, so that they tie. */
export const happenings = (maxLength = 24): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.oneof(
      ...kinds.map(({ weight, type, data }) => ({
        weight,
        arbitrary: fc
          .record({
            data,
            at: fc.integer({ min: 0, max: 12 }).map((n) => T0 + Math.floor(n / 2) * 40_000_000 + (n % 2) * 333),
            sequence: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 3 }),
          })
          .map(({ data, at, sequence }): Happening => ({
            type,
            data: Object.fromEntries(Object.entries(data).filter(([, field]) => field !== undefined)),
            at,
            ...(sequence === undefined ? {} : { sequence }),
          })),
      })),
    ),
    { maxLength, size: 'max' },
  )

/**
 * The happenings recorded in the order given by `order`: `gaps[i]` milliseconds after the one before, often none. Ids
 * come from the place in `list`, so that another order of arrival gives the same events.
 */
export function record(
  list: readonly Happening[],
  gaps: readonly number[],
  order: readonly number[] = list.map((_, i) => i),
): Recorded<FunnelEvent>[] {
  let recorded = T0 + 1_000_000_000
  return recordedLog(
    order.map((index, i) => {
      recorded += gaps[i % gaps.length] ?? 0
      return { ...list[index]!, id: derivedId('random', index), recorded }
    }),
  )
}

/** Some milliseconds between records: mostly none. */
export const gaps = fc.array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 1, maxLength: 24 })

/** Happenings, and an order in which they arrive. */
export const shuffled = (): fc.Arbitrary<[Happening[], number[]]> =>
  happenings().chain((list) => {
    const indexes = list.map((_, i) => i)
    return fc.tuple(fc.constant(list), fc.shuffledSubarray(indexes, { minLength: list.length, maxLength: list.length }))
  })
