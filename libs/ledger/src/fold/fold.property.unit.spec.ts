import { describe, expect, it, jest } from '@jest/globals'
import * as fc from 'fast-check'
import type { Instant } from '@funnel/events'
import { always, versionsOf, withRecords, nothingApplied } from '@funnel/definitions'
import { canonicalHash, journalHash, type Entry } from '../line.js'
import { contributions } from '../oracle/contributions.js'
import { dealRow, type DealRow } from './deal/row.js'
import { fold } from './fold.js'
import { leadRow, type LeadRow } from './lead/row.js'
import { everyDimension as definitions } from './testing/definitions.js'
import { cut, drive, firstWrongInstant, type Driven } from './testing/drive.js'
import { changingHappenings, gaps, mixedHappenings, record, shuffled } from './testing/random-log.js'
import { unmerged } from './testing/random-unmerge.js'
import { NodeMap, stateOf, type FoldState, type NodeState } from './state.js'

const { FUNNEL_RUNS, FUNNEL_SEED } = process.env
/** Random logs for the as-of rule; FUNNEL_RUNS=100000 for a long run. The other properties take half as many each. */
const numRuns = Number(FUNNEL_RUNS ?? 3000)
const half = { numRuns: Math.ceil(numRuns / 2) }
// other logs in each run, unless it is said which
if (FUNNEL_SEED !== undefined) fc.configureGlobal({ seed: Number(FUNNEL_SEED) })

// thousands of logs take their time where others want the cores too
jest.setTimeout(600_000)

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
const crashes = fc.array(fc.boolean(), { minLength: 24, maxLength: 24 })

/** The rows of the lists, by kind and key, from states as they come back from a store. */
const rowsOf = ({ saved, versions }: Driven) =>
  new Map(
    [...saved].flatMap(([id, json]): [string, LeadRow | DealRow][] => {
      const state = JSON.parse(json) as NodeState
      const key = id.slice(state.kind.length + 1)
      if (state.kind === 'lead' && state.facts.length) return [[id, leadRow(key, state, versions)]]
      return state.kind === 'deal' ? [[id, dealRow(key, state)]] : []
    }),
  )

describe('the ledger, for random logs', () => {
  it('tells for every instant what a rebuild of the log cut there would tell', () => {
    fc.assert(
      fc.property(mixedHappenings(), gaps, sizes, (list, between, cuts) => {
        const log = record(list, between)
        const { entries, parked } = drive(cut(log, cuts), definitions)
        expect(parked).toEqual([])
        expect(firstWrongInstant(log, entries, definitions)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it('(row 8) tells so, too, where definitions are changed in between: each fact counts by those in force at it', () => {
    fc.assert(
      fc.property(changingHappenings(), gaps, sizes, (list, between, cuts) => {
        const log = record(list, between)
        const { entries, parked } = drive(cut(log, cuts), definitions)
        expect(parked).toEqual([])
        expect(firstWrongInstant(log, entries, definitions)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it('books the same journal and keeps the same states however the log is cut into batches and whatever crashes', () => {
    fc.assert(
      fc.property(
        fc.oneof(mixedHappenings(), changingHappenings()),
        gaps,
        sizes,
        crashes,
        (list, between, cuts, lost) => {
          const log = record(list, between)
          const whole = drive([log], definitions)
          const pieces = drive(cut(log, cuts), definitions, lost)
          expect(journalHash(pieces.entries)).toBe(journalHash(whole.entries))
          expect(pieces.entries).toEqual(whole.entries)
          expect(Object.fromEntries(pieces.saved)).toEqual(Object.fromEntries(whole.saved))
        },
      ),
      half,
    )
  })

  it('tells the same now for every order of arrival', () => {
    fc.assert(
      fc.property(shuffled(), gaps, ([list, order], between) => {
        const now = (order?: number[]) => {
          const driven = drive([record(list, between, order)], definitions)
          return { ledger: canonicalHash(driven.entries), rows: rowsOf(driven) }
        }
        expect(now(order)).toEqual(now())
      }),
      half,
    )
  })

  it('after an un-merge (rows 29, N9) tells now what it would had the merge never been, and of the time between still the merge', () => {
    fc.assert(
      fc.property(unmerged(), gaps, sizes, ({ list, merge, release }, between, cuts) => {
        const log = record(list, between)
        const never = log.filter(({ event: { data } }) => data !== list[merge]!.data && data !== list[release]!.data)
        const merged = drive(cut(log, cuts), definitions)
        const without = drive(cut(never, cuts), definitions)
        expect(canonicalHash(merged.entries)).toBe(canonicalHash(without.entries))
        // the states of leads and deals are all that their rows are made of
        expect(statesOf(merged)).toEqual(statesOf(without))
        expect(firstWrongInstant(log, merged.entries, definitions)).toBeUndefined()
      }),
      half,
    )
  })

  it('keeps a subject whose fold throws apart from all that does not depend on it', () => {
    fc.assert(
      fc.property(mixedHappenings(), fc.nat(), (list, pick) => {
        const places = list.flatMap(({ type }, at) => (/^(lead|deal)\./.test(type) ? [at] : []))
        fc.pre(places.length > 0)
        const place = places[pick % places.length]!
        const kind = list[place]!.type.startsWith('lead.') ? 'lead' : 'deal'
        const key = list[place]!.data[kind]
        // a value that no text can be made of, as only a broken validation lets pass
        const poison = { toString: 1, valueOf: 1 }
        const broken = list.with(place, {
          ...list[place]!,
          data: { ...list[place]!.data, properties: { origin: poison, size: poison } },
        })
        const log = record(broken, [1])
        const { entries, parked } = drive(cut(log, [3]), definitions)
        expect(parked.map(({ ref }) => ref)).toEqual([{ kind, key }])
        const without = log.filter(
          (_, i) => i < place || list[i]!.data[kind] !== key || !list[i]!.type.startsWith(kind),
        )
        const elsewhere = (all: readonly Entry[]) =>
          all.filter(
            ({ subject, measure }) =>
              subject.kind === 'visitor' || (kind === 'deal' && measure !== 'converted' && subject.id !== key),
          )
        const told = (all: readonly Entry[]) => elsewhere(all).map((entry) => ({ ...entry, ordinal: 0 }))
        expect(told(entries)).toEqual(told(drive([without], definitions).entries))
      }),
      half,
    )
  })
})

/** The states by node, as far as there is something in them. */
const statesOf = ({ saved }: Driven) =>
  new Map(
    [...saved].flatMap(([id, json]): [string, unknown][] =>
      json === JSON.stringify(stateOf(new NodeMap<NodeState>(), 'person', '')) ? [] : [[id, JSON.parse(json)]],
    ),
  )

describe('the properties', () => {
  const books = (entries: readonly Entry[], { topic, partition, position }: Entry['cause']) =>
    entries.some(({ cause }) => cause.topic === topic && cause.partition === partition && cause.position === position)
  const entriesOf = (list: Parameters<typeof record>[0], between: number[]) => {
    const log = record(list, between)
    return { log, entries: drive([log], definitions).entries }
  }

  it('meet logs in which something happens', () => {
    const logs = fc
      .sample(fc.tuple(mixedHappenings(), gaps), { numRuns: 1000, seed: 1 })
      .map((log) => entriesOf(...log))
    const share = (holds: (log: (typeof logs)[number]) => boolean) => logs.filter(holds).length / logs.length
    const some = (holds: (entry: Entry) => boolean) => share(({ entries }) => entries.some(holds))
    expect(some(({ amount, measure }) => amount < 0 && measure === 'lead.captured')).toBeGreaterThan(0.2)
    expect(some(({ amount, measure }) => amount < 0 && measure === 'deal.won')).toBeGreaterThan(0.2)
    expect(some(({ measure, elapsed = 0 }) => measure === 'converted' && elapsed < 0)).toBeGreaterThan(0.1)
    expect(some(({ measure }) => measure === 'lead.recycled')).toBeGreaterThan(0.05)
    expect(some(({ subject, dims }) => subject.kind === 'lead' && 'channel' in dims)).toBeGreaterThan(0.15)
    expect(some(({ subject, dims }) => subject.kind === 'deal' && 'channel' in dims)).toBeGreaterThan(0.08)
    expect(some(({ amount, measure }) => amount < 0 && measure === 'person.captured')).toBeGreaterThan(0.1)
    const attempts = (log: Parameters<typeof contributions>[0], measure: Entry['measure']) =>
      contributions(log, definitions).filter((line) => line.measure === measure).length
    expect(share(({ log }) => attempts(log, 'person.captured') < attempts(log, 'lead.captured'))).toBeGreaterThan(0.1)
    expect(some(({ amount, measure }) => amount < 0 && measure === 'sla.missed')).toBeGreaterThan(0.04)
    expect(some(({ amount, measure }) => amount < 0 && measure === 'sla.overdue')).toBeGreaterThan(0.05)
    expect(some(({ measure, elapsed }) => measure === 'sla.late' && elapsed !== undefined)).toBeGreaterThan(0.01)
    expect(some(({ subject, dims }) => subject.kind === 'clock' && 'channel' in dims)).toBeGreaterThan(0.01)
    const booked = (type: string) =>
      share(({ log, entries }) => log.some((one) => one.event.type === type && books(entries, one)))
    expect(booked('person.absorbed')).toBeGreaterThan(0.03)
    expect(booked('person.released')).toBeGreaterThan(0.01)
    expect(booked('visitor.unlinked')).toBeGreaterThan(0.01)
    const told = (log: Parameters<typeof contributions>[0]) => canonicalHash(contributions(log, definitions))
    const matters = (type: string) =>
      share(({ log }) => told(log) !== told(log.filter(({ event }) => event.type !== type)))
    expect(matters('person.consent-recorded')).toBeGreaterThan(0.02)
    expect(share(({ log }) => new Set(log.map(({ recorded }) => recorded)).size < log.length)).toBeGreaterThan(0.6)
  })

  it('meet un-merges that move something', () => {
    const moved = fc
      .sample(fc.tuple(unmerged(), gaps), { numRuns: 300, seed: 1 })
      .filter(([{ list, release }, between]) => {
        const { log, entries } = entriesOf(list, between)
        return books(
          entries,
          log.find(({ event: { data } }) => data === list[release]!.data)!,
        )
      })
    expect(moved.length).toBeGreaterThan(30)
  })

  it('find a ledger that books what is known later as known from the start', () => {
    const wrong = fc.check(
      fc.property(mixedHappenings(), gaps, (list, between) => {
        const { log, entries } = entriesOf(list, between)
        const start = new Map(entries.toReversed().map(({ subject, recorded }) => [subject.id, recorded]))
        const early = entries.map((entry) => ({ ...entry, recorded: start.get(entry.subject.id)! }))
        return firstWrongInstant(log, early, definitions) === undefined
      }),
      { numRuns },
    )
    expect(wrong.failed).toBe(true)
  })

  it('find a fold that forgets whoever reads what changed', () => {
    const wrong = fc.check(
      fc.property(mixedHappenings(), gaps, (list, between) => {
        const log = record(list, between)
        const all = new NodeMap<NodeState>()
        // an event sees its own subject and nobody else: news is told to strangers
        const entries = log.flatMap((one) => {
          const own: FoldState['get'] = (ref) => (ref.key === one.event.partitionkey ? all.get(ref) : undefined)
          return fold({ get: own, set: (ref, node) => all.set(ref, node) }, [one], always(definitions)).entries
        })
        return firstWrongInstant(log, entries, definitions) === undefined
      }),
      { numRuns },
    )
    expect(wrong.failed).toBe(true)
  })

  const changing = fc.tuple(changingHappenings(), gaps)
  /** What the log tells in the end, folded under definitions that were in force at another time than they should. */
  const foundOut = (at: (instant: Instant, end: Instant) => Instant) =>
    fc.check(
      fc.property(changing, ([list, between]) => {
        const log = record(list, between)
        const versions = versionsOf(definitions, withRecords(nothingApplied, log))
        const end = log.at(-1)?.recorded ?? 0
        const { entries } = fold(new NodeMap(), log, { at: (instant) => versions.at(at(instant, end)) })
        return canonicalHash(entries) === canonicalHash(contributions(log, definitions))
      }),
      { numRuns },
    ).failed

  it('find a fold under the definitions of today, or of a millisecond later', () => {
    expect(foundOut((instant) => instant)).toBe(false)
    expect(foundOut((_, end) => end + 100)).toBe(true)
    expect(foundOut((instant) => instant + 1)).toBe(true)
  })

  it('meet definitions that change what is counted', () => {
    const changed = fc.sample(changing, { numRuns: 300, seed: 1 }).filter(([list, between]) => {
      const log = record(list, between)
      const without = log.filter(({ event }) => event.type !== 'definition.applied')
      return canonicalHash(contributions(log, definitions)) !== canonicalHash(contributions(without, definitions))
    })
    expect(changed.length).toBeGreaterThan(80)
  })

  it('find an oracle and a fold that disagree on one line', () => {
    const wrong = fc.check(
      fc.property(mixedHappenings(), gaps, (list, between) => {
        const { log, entries } = entriesOf(list, between)
        const now = contributions(log, definitions)
        return canonicalHash(entries) === canonicalHash(now.filter(({ measure }) => measure !== 'lead.recycled'))
      }),
      { numRuns },
    )
    expect(wrong.failed).toBe(true)
  })
})
