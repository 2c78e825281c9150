import * as fc from 'fast-check'
import { derivedId, type FunnelEvent, type Recorded } from '@funnel/events'
import { recordedLog, type Happening } from './recorded-log.js'

/** When random things begin to happen. */
export const T0 = Date.UTC(2026, 0, 1)
const some = (...names: string[]) => fc.constantFrom(...names)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })
// names that are properties of every object are names like any other
const visitor = some('v1', 'v2', '__proto__')
const person = some('p1', 'p2', 'p1', 'p2', '__proto__')
const merged = fc.constantFrom(['p1', 'p2'], ['p2', 'p1'], ['p2', '__proto__'], ['__proto__', 'p1'], ['p1', 'p1'])
const lead = some('l1', 'constructor')
const deal = some('d1', '__proto__')
const owner = some('o1', 'o2')
const handoff = some('h1', 'h1', 'h2')
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
      consent: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        { attribution: false },
        { attribution: true },
        { mail: false },
      ),
      properties,
    }),
  },
  {
    weight: 3,
    type: 'person.consent-recorded',
    data: fc.record({
      person,
      purposes: fc.constantFrom({ attribution: false }, { attribution: false }, { attribution: true }, { mail: false }),
    }),
  },
  { weight: 8, type: 'visitor.identified', data: fc.record({ visitor, person }) },
  { weight: 3, type: 'visitor.unlinked', data: fc.record({ visitor, person }) },
  // among them what no decider lets pass: circles, a release of what was never absorbed
  { weight: 3, type: 'person.absorbed', data: merged.map(([person, into]) => ({ person, into })) },
  { weight: 2, type: 'person.released', data: merged.map(([person, from]) => ({ person, from })) },
  { weight: 1, type: 'person.account-matched', data: fc.record({ person, account: some('a', 'b') }) },
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
  {
    weight: 2,
    type: 'handoff.offered',
    data: fc.record({ lead, handoff, assignee: fc.option(owner, { nil: undefined, freq: 4 }) }),
  },
  { weight: 1, type: 'handoff.accepted', data: fc.record({ lead, handoff, owner, stage: maybe(stage) }) },
  { weight: 1, type: 'handoff.rejected', data: fc.record({ lead, handoff }) },
  { weight: 1, type: 'handoff.expired', data: fc.record({ lead, handoff }) },
  { weight: 1, type: 'handoff.withdrawn', data: fc.record({ lead, handoff }) },
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

/** Who is who, and what depends on it. */
const ofIdentity = kinds
  .filter(({ type }) => /^(touchpoint|visitor|person)\.|^lead\.captured$|^deal\.(opened|won)$/.test(type))
  .map((kind) => ({ ...kind, weight: /(absorbed|released|unlinked)$/.test(kind.type) ? 5 * kind.weight : kind.weight }))

/** Few subjects, so that they meet; few instants, some of them a few milliseconds apart, so that they tie. */
export const happenings = (maxLength = 36): fc.Arbitrary<Happening[]> => listOf(kinds, maxLength)

/** As `happenings`; half of the logs are about identities alone. */
export const mixedHappenings = (maxLength = 36): fc.Arbitrary<Happening[]> =>
  fc.oneof(happenings(maxLength), listOf(ofIdentity, maxLength))

const listOf = (some: typeof kinds, maxLength: number): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.oneof(
      ...some.map(({ weight, type, data }) => ({
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

/**
 * Happenings, and an order in which they arrive: any in which the decisions of a person, and those of a visitor with what
 * they judge, keep their order. Without merges in a circle, of which the first to be recorded would count.
 */
export const shuffled = (): fc.Arbitrary<[Happening[], number[]]> =>
  mixedHappenings()
    .map((list) => list.filter(({ type, data }) => type !== 'person.absorbed' || data['person']! < data['into']!))
    .chain((list) => {
      const indexes = list.map((_, i) => i)
      const whole = { minLength: list.length, maxLength: list.length }
      return fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(indexes, whole).map((order) => decisionsInOrder(list, order)),
      )
    })

function decisionsInOrder(list: readonly Happening[], order: readonly number[]): number[] {
  const unlinked = new Set(list.flatMap(({ type, data }) => (type === 'visitor.unlinked' ? [data['visitor']] : [])))
  const kept = ({ type, data }: Happening) =>
    type.startsWith('person.') && type !== 'person.consent-recorded'
      ? `person-${data['person'] as string}`
      : type.startsWith('visitor.') && unlinked.has(data['visitor'])
        ? `visitor-${data['visitor'] as string}`
        : undefined
  const left = Map.groupBy(list.keys(), (index) => kept(list[index]!))
  return order.map((index) => {
    const stream = kept(list[index]!)
    return stream === undefined ? index : left.get(stream)!.shift()!
  })
}
