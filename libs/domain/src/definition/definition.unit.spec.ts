import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { definitionHash } from '@funnel/definitions'
import { FunnelError } from '@funnel/events'
import { evolved, type Decided } from '../decider.js'
import { NOON, specOf } from '../testing/given.js'
import type { DefinitionCommand } from './commands.js'
import { definitionDecider } from './decider.js'

const { given } = specOf(definitionDecider)
const approved = { marketing: 'mia', sales: 'sam' }
const content = (version: number, description = 'What it is.') => ({ id: 'win-rate', version, description })
const apply = (version: number, more: Partial<DefinitionCommand> = {}): DefinitionCommand => ({
  type: 'definition.apply',
  definition: 'kpi/win-rate',
  version,
  approved,
  content: content(version),
  ...more,
})
const applied = (version: number, of: unknown = content(version), effective = NOON): Decided => ({
  type: 'definition.applied',
  data: {
    definition: 'kpi/win-rate',
    version,
    effective: new Date(effective).toISOString(),
    approved,
    hash: definitionHash(of),
    content: of,
  },
})
const nothing: readonly Decided[] = []

describe('A definition', () => {
  it('is applied once both teams approved it, and is in force at once where nothing else is said', () =>
    given().when(apply(1)).then(applied(1)))

  it('is in force from an instant to come where one is named', () =>
    given()
      .when(apply(1, { effective: NOON + 1 }))
      .then(applied(1, content(1), NOON + 1)))

  it('is not applied again', () =>
    given(applied(1))
      .when(apply(1))
      .then(...nothing))

  it('is not applied again because its fields stand in another order, or others approved it since', () =>
    given(applied(1))
      .when(
        apply(1, {
          approved: { marketing: 'mo' },
          content: Object.fromEntries(Object.entries(content(1)).toReversed()),
        }),
      )
      .then(...nothing))

  it('gets another version when it changes', () => given(applied(1)).when(apply(2)).then(applied(2)))

  it('may leave versions out', () => given(applied(1)).when(apply(7)).then(applied(7)))

  it('that changed under its version is refused', () =>
    given(applied(2))
      .when(apply(2, { content: content(2, 'Something else.') }))
      .thenRefused('REJECTED', /^kpi\/win-rate version 2 was applied with other content: raise the version$/))

  it('does not go back to an older version', () =>
    given(applied(1), applied(2))
      .when(apply(1))
      .thenRefused('REJECTED', /is older than version 2/))

  it.each([
    [{}, 'marketing and sales'],
    [{ marketing: 'mia' }, 'sales'],
    [{ sales: 'sam', marketing: '' }, 'marketing'],
  ])('(row N8) approved by %j waits for %s', (approved, missing) =>
    given(applied(1))
      .when(apply(2, { approved }))
      .thenRefused('REJECTED', new RegExp(`^kpi/win-rate version 2 is not approved by ${missing}:`)),
  )

  it('(row 8) cannot be in force before it is applied: the past is not judged again', () =>
    given()
      .when(apply(1, { effective: NOON - 1 }))
      .thenRefused('REJECTED', /cannot be in force before it is applied/))

  describe('of a promise about periods', () => {
    const promise = (version: number, every?: object) => ({ id: 'volume', version, ...(every && { every }) })
    const week = { period: 'week', zone: 'UTC' }

    it.each([[{ period: 'month', zone: 'UTC' }], [{ period: 'week', zone: 'Europe/Berlin' }], [undefined]])(
      'that goes on by other periods (%j) is refused: what happens in those that run would be missing in them',
      (every) =>
        given(applied(1, promise(1, week)))
          .when(apply(2, { content: promise(2, every) }))
          .thenRefused('REJECTED', /^kpi[/]win-rate version 2 has another every than version 1, .* an id of its own$/),
    )

    it('may change in all else', () => {
      const content = promise(2, { zone: 'UTC', period: 'week' })
      return given(applied(1, promise(1, week)))
        .when(apply(2, { content }))
        .then(applied(2, content))
    })
  })

  it('is decided about whatever is asked: an event, nothing or a refusal', () => {
    const command = fc.record({
      type: fc.constant('definition.apply' as const),
      definition: fc.string(),
      version: fc.integer(),
      effective: fc.double(),
      approved: fc.record({ marketing: fc.string(), sales: fc.string() }, { requiredKeys: [] }),
      content: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(command), fc.nat(), (commands, at) => {
        const events: Decided[] = []
        for (const one of commands) {
          const state = evolved(
            definitionDecider,
            events.map((event) => ({ ...event, at })),
          )
          try {
            events.push(...definitionDecider.decide(one, state, at))
          } catch (error) {
            expect(error).toMatchObject({ code: 'REJECTED' })
            expect(error).toBeInstanceOf(FunnelError)
          }
        }
        const versions = events.map(({ data }) => (data as { version: number }).version)
        expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
      }),
    )
  })
})
