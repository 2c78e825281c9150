import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { newClock, nextCut, observe, pass, standingAt, type Clock, type Saying } from './clock.js'
import type { Fact } from './fact.js'
import type { Terms, TimeOf } from './terms.js'
import { counts, simulate, toldBy, tried } from './testing/simulate.js'

const LONG = 120
const END = 100_000
const seed = Number(process.env.FUNNEL_SEED ?? 19)
const numRuns = 3000

const calendars = Object.fromEntries(Object.keys(counts).map((name) => [name, tried(name)]))
const timeOf: TimeOf = ({ calendar }) => calendars[calendar!]!

const terms: fc.Arbitrary<Terms> = fc.record({
  policy: fc.constantFrom('response@1', 'response@2', 'handoff@1'),
  calendar: fc.constantFrom('wall', 'shift'),
  target: fc.integer({ min: 1, max: 50 }),
  warnings: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 2 }),
  escalations: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 2 }),
  grace: fc.constantFrom(0, 3, 10),
})
const others = fc.constantFrom<'stop' | 'cancel' | 'pause' | 'resume'>(
  'stop',
  'cancel',
  'pause',
  'resume',
  'pause',
  'resume',
)
/** What happened, before it is known when it was recorded. */
const happened = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), terms), { minLength: 1, maxLength: 2 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: LONG }), fc.oneof({ weight: 3, arbitrary: others }, terms)), {
      maxLength: 9,
    }),
  )
  .map(([starts, rest]) => [
    ...starts.map(([occurred, terms], i) => ({ id: `s${i}`, type: 'start' as const, occurred, terms })),
    ...rest.map(([occurred, what], i) =>
      typeof what === 'string'
        ? { id: `f${i}`, type: what, occurred }
        : { id: `f${i}`, type: 'retarget' as const, occurred, terms: what },
    ),
  ])
const delays = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 150 })), {
  minLength: 11,
  maxLength: 11,
})
type Happened = typeof happened extends fc.Arbitrary<infer T> ? T : never

/** The facts in the order in which they were recorded. */
const recorded = (facts: Happened, delays: readonly number[]): Fact[] =>
  facts
    .map((fact, i): Fact => ({ ...fact, recorded: fact.occurred + delays[i]! }))
    .sort((a, b) => a.recorded - b.recorded)

interface Lived {
  readonly clock: Clock
  readonly sayings: readonly { readonly saying: Saying; readonly upTo: number }[]
}

/** Reads the log to its end; looks at the watermark in between where it is told to. */
function live(log: readonly Fact[], marks: readonly number[] = []): Lived {
  let clock = newClock
  const sayings: { saying: Saying; upTo: number }[] = []
  const take = (step: ReturnType<typeof pass>, upTo: number) => {
    clock = step.clock
    sayings.push(...step.sayings.map((saying) => ({ saying, upTo })))
  }
  for (const fact of log) {
    for (const mark of marks.filter((mark) => mark < fact.recorded)) take(pass(clock, mark, timeOf), mark)
    take(observe(clock, fact, timeOf), fact.recorded)
  }
  take(pass(clock, END, timeOf), END)
  return { clock, sayings }
}

describe('rows 19, 20, 24 and 25: a clock', () => {
  it('comes to the verdict that living through it gives, whatever order its facts arrive in', () => {
    fc.assert(
      fc.property(happened, delays, delays, (facts, one, other) => {
        const expected = simulate(recorded(facts, one), 400)
        for (const order of [one, other]) expect(toldBy(live(recorded(facts, order)).clock.said)).toEqual(expected)
      }),
      { numRuns, seed },
    )
  })

  it('says the same, however often and whenever the watermark is looked at', () => {
    fc.assert(
      fc.property(happened, delays, fc.array(fc.integer({ min: 0, max: 300 })), (facts, delays, marks) => {
        const log = recorded(facts, delays)
        const said = (lived: Lived) => lived.sayings.map(({ saying }) => saying)
        const often = live(
          log,
          marks.toSorted((a, b) => a - b),
        )
        expect(said(often)).toEqual(said(live(log)))
        expect(often.clock).toEqual(live(log).clock)
      }),
      { numRuns, seed },
    )
  })

  it('is never early, never says a thing twice, and corrects nothing but what it said', () => {
    fc.assert(
      fc.property(happened, delays, (facts, delays) => {
        const { clock, sayings } = live(recorded(facts, delays))
        let before: Clock['said'] = newClock.said
        const once = new Set<string>()
        for (const { saying, upTo } of sayings) {
          if (saying.type === 'judged') {
            const { verdict, corrects } = saying
            expect(verdict).not.toEqual(before)
            if (corrects) expect(corrects).toEqual(before)
            else expect(before.outcome === 'open' || (before.outcome === 'breached' && !before.ended)).toBe(true)
            if (verdict.outcome === 'breached') expect(verdict.due).toBeLessThanOrEqual(upTo)
            before = verdict
          } else {
            expect(saying.at).toBeLessThanOrEqual(upTo)
            const name = `${saying.type} ${saying.level}`
            expect(once.has(name)).toBe(false)
            once.add(name)
          }
        }
        expect(clock.said).toEqual(before)
      }),
      { numRuns, seed },
    )
  })

  it('takes no breach back where every fact is recorded within the grace', () => {
    fc.assert(
      fc.property(happened, (facts) => {
        const patient = facts.map((fact) =>
          fact.type === 'start' || fact.type === 'retarget' ? { ...fact, terms: { ...fact.terms, grace: 3 } } : fact,
        )
        const log = recorded(
          patient,
          Array.from({ length: 11 }, (_, i) => i % 3),
        )
        for (const { saying } of live(log).sayings)
          if (saying.type === 'judged' && saying.corrects?.outcome === 'breached')
            expect(saying.verdict).toMatchObject({ outcome: 'breached', due: saying.corrects.due })
      }),
      { numRuns, seed },
    )
  })

  it('says nothing before the instant that a timer waits for, and something then', () => {
    fc.assert(
      fc.property(happened, delays, (facts, delays) => {
        let clock = newClock
        for (const fact of recorded(facts, delays)) clock = observe(clock, fact, timeOf).clock
        for (let next = nextCut(clock, timeOf); next !== undefined; next = nextCut(clock, timeOf)) {
          expect(pass(clock, next - 1, timeOf).sayings).toEqual([])
          const step = pass(clock, next, timeOf)
          const breached = step.clock.said.outcome === 'breached'
          expect(step.sayings.length > 0 || breached).toBe(true)
          clock = step.clock
        }
        expect(pass(clock, END, timeOf).sayings).toEqual([])
      }),
      { numRuns, seed },
    )
  })

  it('stands as its final verdict says', () => {
    fc.assert(
      fc.property(happened, delays, (facts, delays) => {
        const { clock } = live(recorded(facts, delays))
        const standing = standingAt(clock, 500, timeOf)!
        const { said } = clock
        if (said.outcome === 'breached') {
          expect(standing.due).toBe(said.due)
          if (said.ended) expect(standing.lateness).toBe(said.ended.lateness)
        } else expect(standing.lateness).toBe(0)
        if (said.outcome === 'open') expect(standing.state).toBe('paused')
      }),
      { numRuns, seed },
    )
  })
})
