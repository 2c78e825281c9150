import * as fc from 'fast-check'
import {
  addressOf,
  advance,
  derivedId,
  positionOf,
  totalOrder,
  typeOf,
  type FunnelEvent,
  type Positions,
  type Recorded,
} from '@funnel/events'

/** An event before it is recorded: what happened, and when as the producer says. */
export interface Happening {
  readonly type: FunnelEvent['type']
  readonly data: Readonly<Record<string, unknown>>
  readonly at: number
}

const T0 = Date.UTC(2026, 0, 1)
const some = (prefix: string, count: number) => fc.integer({ min: 1, max: count }).map((n) => `${prefix}${n}`)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
const visitor = some('v', 4)
const person = some('p', 3)
const lead = some('l', 3)
const deal = some('d', 3)
const stage = fc.constantFrom('mql', 'sal', 'sql', 'opportunity', 'nowhere')
const amount = fc.record({
  minor: fc.integer({ min: 0, max: 3 }).map((n) => n * 100),
  currency: fc.constantFrom('USD', 'EUR'),
})
const properties = fc.constantFrom(
  undefined,
  { origin: 'web' },
  { origin: '', segment: 'big' },
  { origin: 'unknown' },
  { segment: 'small' },
)

const kinds: readonly { weight: number; type: FunnelEvent['type']; data: fc.Arbitrary<Record<string, unknown>> }[] = [
  {
    weight: 4,
    type: 'touchpoint.recorded',
    data: fc.record({
      visitor,
      kind: fc.constant('page'),
      channel: maybe(some('ch', 3)),
      campaign: maybe(some('ca', 2)),
    }),
  },
  { weight: 4, type: 'visitor.identified', data: fc.record({ visitor, person }) },
  {
    weight: 3,
    type: 'lead.captured',
    data: fc.record({ lead, person: maybe(person), visitor: maybe(visitor), owner: maybe(some('o', 2)), properties }),
  },
  { weight: 4, type: 'lead.stage-entered', data: fc.record({ lead, stage, person: maybe(person), properties }) },
  {
    weight: 3,
    type: 'deal.opened',
    data: fc.record({
      deal,
      lead: maybe(lead),
      stage: maybe(some('s', 2)),
      amount: maybe(amount),
      owner: maybe(some('o', 2)),
    }),
  },
  { weight: 1, type: 'deal.stage-entered', data: fc.record({ deal, stage: some('s', 2), lead: maybe(lead) }) },
  { weight: 2, type: 'deal.amount-changed', data: fc.record({ deal, amount }) },
  { weight: 4, type: 'deal.won', data: fc.record({ deal, lead: maybe(lead), amount: maybe(amount) }) },
  { weight: 2, type: 'deal.lost', data: fc.record({ deal, amount: maybe(amount) }) },
  { weight: 3, type: 'deal.reopened', data: fc.record({ deal }) },
]

/** Few subjects, so that they meet; few instants, so that they tie. */
export const happenings = (maxLength = 24): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.oneof(
      ...kinds.map(({ weight, type, data }) => ({
        weight,
        arbitrary: fc.record({
          type: fc.constant(type),
          data: data.map((value) =>
            Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)),
          ),
          at: fc.integer({ min: 0, max: 12 }).map((n) => T0 + n * 40_000_000 + (n % 3) * 333),
        }),
      })),
    ),
    { maxLength },
  )

/**
 * The happenings as a store would record them, in the order given: `gaps[i]` milliseconds after the one before, often
 * none. Ids come from the content's place in `happenings`, so that another order of arrival gives the same events.
 */
export function record(
  list: readonly Happening[],
  gaps: readonly number[],
  order: readonly number[] = list.map((_, i) => i),
): Recorded<FunnelEvent>[] {
  let positions: Positions = {}
  const versions = new Map<string, number>()
  let recorded = T0 + 1_000_000_000
  return order
    .map((index, i) => {
      const { type, data, at } = list[index]!
      const eventType = typeOf(type)!
      const { topic, partition, stream } = addressOf(eventType.category, data[eventType.key] as string)
      recorded += gaps[i % gaps.length] ?? 0
      const version = (versions.get(stream) ?? 0) + 1
      versions.set(stream, version)
      const made = {
        topic,
        partition,
        position: positionOf(positions, topic, partition) + 1,
        stream,
        version,
        recorded,
        event: {
          specversion: '1.0',
          id: derivedId('random', index),
          source: '/test',
          type,
          dataschema: `${type}:1`,
          time: new Date(at).toISOString(),
          partitionkey: data[eventType.key] as string,
          data,
        } as unknown as FunnelEvent,
      }
      positions = advance(positions, [made])
      return made
    })
    .toSorted(totalOrder)
}

/** Some milliseconds between records: mostly none. */
export const gaps = fc.array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 1, maxLength: 24 })
