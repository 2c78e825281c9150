import * as fc from 'fast-check'
import type { Definitions, Dimension } from '@funnel/definitions'
import { derivedId, type FunnelEvent, type Recorded } from '@funnel/events'
import { everyDimension, team } from './definitions.js'
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
const reason = some('r1', 'r2')
const handoff = some('h1', 'h1', 'h2')
const stage = some('mql', 'sal', 'sql', 'opportunity', 'nowhere')
const dealStage = some('s1', 's2')
const amount = fc.record({ minor: some('0', '100', '250').map(Number), currency: some('USD', 'EUR') })
/** Clocks of promises about leads, started by one event, and one of a promise about a period. */
const clock = fc.constantFrom(
  { clock: 'c1', subject: 'l1', lead: 'l1', start: 's1', policy: 'response', party: 'sales', policyVersion: 1 },
  {
    clock: 'c1',
    subject: 'constructor',
    lead: 'constructor',
    start: 's2',
    policy: 'response',
    party: 'sales',
    policyVersion: 1,
  },
  { clock: 'c3', subject: 'volume', policy: 'volume', party: 'marketing', policyVersion: 2 },
)
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
  { weight: 1, type: 'lead.recycled', data: fc.record({ lead, stage, reason: maybe(reason) }) },
  { weight: 1, type: 'lead.disqualified', data: fc.record({ lead, stage, reason: maybe(reason) }) },
  { weight: 2, type: 'lead.converted', data: fc.record({ lead, stage: maybe(stage) }) },
  { weight: 2, type: 'lead.conversion-reversed', data: fc.record({ lead }) },
  { weight: 1, type: 'lead.assigned', data: fc.record({ lead, owner }) },
  {
    weight: 2,
    type: 'handoff.offered',
    data: fc.record({ lead, handoff, assignee: fc.option(owner, { nil: undefined, freq: 4 }) }),
  },
  { weight: 1, type: 'handoff.accepted', data: fc.record({ lead, handoff, owner, stage: maybe(stage) }) },
  { weight: 1, type: 'handoff.rejected', data: fc.record({ lead, handoff, reason: maybe(reason) }) },
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
  { weight: 2, type: 'deal.lost', data: fc.record({ deal, owner: maybe(owner), reason: maybe(reason) }) },
  { weight: 3, type: 'deal.reopened', data: fc.record({ deal, stage: maybe(dealStage) }) },
]

const time = fc.integer({ min: 0, max: 6 }).map((n) => new Date(T0 + n * 40_000_000).toISOString())
const duration = some('0', '0.25', '90', '3600').map(Number)
/** An event of a clock, with what it says beside whose it is. */
const ofClock = (type: `sla.${string}`, weight: number, said: Record<string, fc.Arbitrary<unknown>>) => ({
  weight,
  type: type as FunnelEvent['type'],
  data: fc
    .tuple(clock, fc.record({ owner: maybe(owner), team: maybe(some('t1', 't2')), ...said }))
    .map(([whose, data]): Record<string, unknown> => ({ ...whose, started: STARTED[whose.subject], ...data })),
})
const STARTED: Readonly<Record<string, string>> = Object.fromEntries(
  ['constructor', 'volume', 'l1'].map((subject, i) => [subject, new Date(T0 + i * 40_000_000).toISOString()]),
)
const ending = { by: maybe(some('e1', 'e2')), at: time, used: duration }
const clocks: typeof kinds = [
  ofClock('sla.started', 4, { due: time, target: duration }),
  ofClock('sla.changed', 3, { state: some('running', 'paused'), due: maybe(time), left: duration }),
  ofClock('sla.warned', 1, { level: fc.constant(1), at: time, due: time }),
  ofClock('sla.met', 2, ending),
  ofClock('sla.cancelled', 1, ending),
  ofClock('sla.breached', 4, { due: time }),
  ofClock('sla.ended', 3, { ...ending, due: time, how: some('stopped', 'cancelled'), lateness: duration }),
  ofClock('sla.escalated', 1, { level: fc.constant(1), at: time, due: time }),
  ofClock('sla.corrected', 3, {
    outcome: some('open', 'met', 'cancelled', 'breached', 'ended'),
    due: maybe(time),
    by: maybe(some('e1')),
    at: maybe(time),
    used: maybe(duration),
    how: maybe(some('stopped', 'cancelled')),
    lateness: maybe(duration),
  }),
]

/** Who is who, and what depends on it. */
const ofIdentity = kinds
  .filter(({ type }) => /^(touchpoint|visitor|person)\.|^lead\.captured$|^deal\.(opened|won)$/.test(type))
  .map((kind) => ({ ...kind, weight: /(absorbed|released|unlinked)$/.test(kind.type) ? 5 * kind.weight : kind.weight }))

/** Clocks, and what moves the leads that they are about. */
const ofPromises = [...clocks, ...kinds.filter(({ type }) => /^(touchpoint|lead)\.|identified$/.test(type))]

/** Few subjects, so that they meet; few instants, some of them a few milliseconds apart, so that they tie. */
export const happenings = (maxLength = 36): fc.Arbitrary<Happening[]> =>
  fc.oneof({ weight: 4, arbitrary: listOf(kinds, maxLength) }, { weight: 1, arbitrary: listOf(ofPromises, maxLength) })

/** As `happenings`; of the logs some are about identities alone. */
export const mixedHappenings = (maxLength = 36): fc.Arbitrary<Happening[]> =>
  fc.oneof(happenings(maxLength), listOf(ofIdentity, maxLength))

const listOf = (some: typeof kinds, maxLength: number): fc.Arbitrary<Happening[]> =>
  fc.array(happening(some), { maxLength, size: 'max' })

const early = fc.integer({ min: 0, max: 12 }).map((n) => T0 + Math.floor(n / 2) * 40_000_000 + (n % 2) * 333)

const happening = (some: typeof kinds, at: fc.Arbitrary<number> = early): fc.Arbitrary<Happening> =>
  fc.oneof(
    ...some.map(({ weight, type, data }) => ({
      weight,
      arbitrary: fc
        .record({
          data,
          at,
          sequence: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 3 }),
        })
        .map(({ data, at, sequence }): Happening => ({
          type,
          data: Object.fromEntries(Object.entries(data).filter(([, field]) => field !== undefined)),
          at,
          ...(sequence === undefined ? {} : { sequence }),
        })),
    })),
  )

const funnel = (change: (funnel: Definitions['funnel']) => Partial<Definitions['funnel']>) => ({
  definition: 'funnel/funnel',
  content: { ...everyDimension.funnel, ...change(everyDimension.funnel) },
})
const dimension = (id: string, sources: Dimension['sources']) => ({
  definition: `dimension/${id}`,
  content: { ...everyDimension.dimensions[0]!, id, sources },
})

const teamOf = (...about: Parameters<typeof team>) => ({ definition: `team/${about[0]}`, content: team(...about) })

/** What definitions may become: other stages in another order, other conversions, dimensions that come from elsewhere. */
const changedDefinition = fc.constantFrom(
  funnel(() => ({})),
  funnel(({ stages }) => ({ stages: stages.toReversed() })),
  funnel(({ stages }) => ({
    stages: [...stages.slice(1), { ...stages[0]!, id: 'nowhere' }],
    conversions: [
      { from: 'captured', to: 'sal' },
      { from: 'nowhere', to: 'won' },
      { from: 'mql', to: 'sql' },
    ],
  })),
  dimension('owner', { lead: { from: 'owner', value: 'latest' }, deal: { from: 'lead' } }),
  dimension('lead_owner', { lead: { from: 'properties.segment' }, deal: { from: 'lead' } }),
  dimension('channel', {
    touch: { from: 'campaign' },
    lead: { from: 'first-touch.campaign' },
    deal: { from: 'owner' },
  }),
  dimension('team', { lead: { from: 'owner', attribute: 'manager', value: 'latest' }, deal: { from: 'lead' } }),
  teamOf('t1', 'o1', ['o1', 'o2']),
  teamOf('t1', 'max', []),
  teamOf('t2', 'o2', ['o2']),
  teamOf('t0', 'zoe', ['o1', 'o2']),
  dimension('owner', { lead: { from: 'owner' }, clock: { from: 'owner', attribute: 'team', value: 'latest' } }),
  dimension('policy', { lead: { from: 'owner' }, clock: { from: 'lead' } }),
  dimension('new', { touch: { from: 'kind' }, lead: { from: 'properties.origin' }, deal: { from: 'lead' } }),
)

/**
 * Happenings, and definitions that are applied between them, at once or some milliseconds ahead. Many things happen while
 * they are recorded, some a little later by their own clock.
 */
export const changingHappenings = (maxLength = 36): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: happening(
          [...kinds, ...clocks],
          fc.integer({ min: 0, max: 30 }).map((n) => RECORDED + n),
        ),
      },
      { weight: 2, arbitrary: happening([...kinds, ...clocks]) },
      {
        weight: 2,
        arbitrary: fc
          .record({ data: changedDefinition, ahead: fc.constantFrom(0, 0, 1, 5, 20) })
          .map(({ data, ahead }): Happening => ({
            type: 'definition.applied',
            data: { ...data, ahead },
            at: RECORDED,
          })),
      },
    ),
    { maxLength, size: 'max' },
  )

/** When random things begin to be recorded. */
const RECORDED = T0 + 1_000_000_000

/**
 * The happenings recorded in the order given by `order`: `gaps[i]` milliseconds after the one before, often none. Ids
 * come from the place in `list`, so that another order of arrival gives the same events.
 */
export function record(
  list: readonly Happening[],
  gaps: readonly number[],
  order: readonly number[] = list.map((_, i) => i),
): Recorded<FunnelEvent>[] {
  let recorded = RECORDED
  const versions = new Map<unknown, number>()
  return recordedLog(
    order.map((index, i) => {
      recorded += gaps[i % gaps.length] ?? 0
      const one = list[index]!
      return {
        ...('ahead' in one.data ? applied(one, recorded, versions) : one),
        id: derivedId('random', index),
        recorded,
      }
    }),
  )
}

/** A definition as it is applied at an instant, or so long ahead: its next version. */
function applied({ type, data }: Happening, at: number, versions: Map<unknown, number>): Happening {
  const { definition, content, ahead } = data as { definition: string; content: object; ahead: number }
  const version = (versions.get(definition) ?? 0) + 1
  versions.set(definition, version)
  const effective = new Date(at + ahead).toISOString()
  return { type, at, data: { definition, version, effective, content: { ...content, version } } }
}

/** Some milliseconds between records: mostly none. */
export const gaps = fc.array(fc.constantFrom(0, 0, 0, 1, 5), { minLength: 1, maxLength: 24 })

/**
 * Happenings, and an order in which they arrive: any in which the decisions of a person or about a clock, and those of a
 * visitor with what they judge, keep their order. Without merges in a circle, of which the first to be recorded would count.
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
      : type.startsWith('sla.')
        ? `sla-${data['subject'] as string}`
        : type.startsWith('visitor.') && unlinked.has(data['visitor'])
          ? `visitor-${data['visitor'] as string}`
          : undefined
  const left = Map.groupBy(list.keys(), (index) => kept(list[index]!))
  return order.map((index) => {
    const stream = kept(list[index]!)
    return stream === undefined ? index : left.get(stream)!.shift()!
  })
}
