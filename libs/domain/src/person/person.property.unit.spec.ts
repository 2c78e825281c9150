import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { addressOf, FunnelError, typeOf } from '@funnel/events'
import { evolved, type Decided, type Happened } from '../decider.js'
import { NOON } from '../testing/given.js'
import type { PersonCommand } from './commands.js'
import { personDecider, personStreams } from './person.js'

const numRuns = 1000

const person = fc.constantFrom('p1', 'p2', 'p3', '__proto__')
const account = fc.constantFrom('acme', 'umbrella')
const why = { rule: 'domain', ruleVersion: 1, fields: ['domain'] }
const commands: fc.Arbitrary<PersonCommand[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('person.merge'), person, absorbed: person }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('person.unmerge'), person, absorbed: person }) },
    {
      weight: 1,
      arbitrary: fc
        .record({ type: fc.constant('person.match-account'), person, account })
        .map((one) => ({ ...one, ...why })),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('person.erase'), person }) },
  ),
  { maxLength: 20, size: 'max' },
)

/** Runs commands as the handler does: each decides by its own streams, and its events are the next there. */
function run(list: readonly PersonCommand[]) {
  const log: Happened[] = []
  const outcomes = list.map((command, i) => {
    const streams = personStreams(command)
    const seen = streams.flatMap((stream) => log.filter((event) => streamOf(event) === stream))
    try {
      const decided = personDecider.decide(command, evolved(personDecider, seen), NOON + i)
      for (const event of decided) expect(streams).toContain(streamOf(event))
      log.push(...decided.map((event): Happened => ({ ...event, at: NOON + i })))
      return decided.length ? 'decided' : 'nothing to do'
    } catch (error) {
      if (!(error instanceof FunnelError)) throw error
      return error.code
    }
  })
  return { log, outcomes }
}

const streamOf = ({ type, data }: Decided): string => {
  const { category, key } = typeOf(type)!
  return addressOf(category, (data as unknown as Record<string, string>)[key]!).stream
}

describe('persons, whatever is asked of them', () => {
  it('are decided about, or the command is refused', () => {
    const met = new Set<string>()
    fc.assert(
      fc.property(commands, (list) => run(list).outcomes.forEach((outcome) => met.add(outcome))),
      { numRuns },
    )
    expect([...met].toSorted()).toEqual(['INVALID', 'REJECTED', 'decided', 'nothing to do'])
  })

  it('never stand for one another in a circle', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const state = evolved(personDecider, run(list).log)
        for (const start of state.keys()) {
          const met = new Set<string>()
          for (let id: string | undefined = start; id !== undefined; id = state.get(id)?.into) {
            expect(met).not.toContain(id)
            met.add(id)
          }
        }
      }),
      { numRuns },
    )
  })

  it('are what their events make of them, stream by stream or all in their order', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const { log } = run(list)
        const whole = evolved(personDecider, log)
        for (const [stream, own] of Map.groupBy(log, streamOf)) {
          const id = stream.slice('person-'.length)
          expect(evolved(personDecider, own).get(id)).toEqual(whole.get(id))
        }
      }),
      { numRuns },
    )
  })

  it('are un-merged by what takes the merge back, in both streams', () => {
    fc.assert(
      fc.property(commands, person, person, (list, a, b) => {
        const state = evolved(personDecider, run(list).log)
        fc.pre(a !== b && state.get(a)?.into === undefined && state.get(b)?.into === undefined)
        const pair = { person: a, absorbed: b }
        const after = [{ type: 'person.merge', ...pair } as const, { type: 'person.unmerge', ...pair } as const].reduce(
          (now, command) =>
            personDecider
              .decide(command, now, NOON)
              .reduce((one, event) => personDecider.evolve(one, { ...event, at: NOON }), now),
          state,
        )
        expect({ into: undefined, ...after.get(b) }).toEqual({ into: undefined, ...state.get(b) })
        expect(after.get(a)).toEqual(state.get(a))
      }),
      { numRuns },
    )
  })
})
