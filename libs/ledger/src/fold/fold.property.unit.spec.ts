import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { loadDefinitions } from '@funnel/definitions'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { canonicalHash, journalHash, type Entry, type Line } from '../line.js'
import { contributions } from './contributions.js'
import { fold } from './fold.js'
import { missing } from './missing.js'
import { gaps, happenings, record } from './testing/random-log.js'
import { memoryState, nodeId, type NodeState } from './state.js'

const definitions = loadDefinitions()
/** FUNNEL_RUNS=100000 for a long run. */
const numRuns = Number(process.env['FUNNEL_RUNS'] ?? 3000)

/** A store of states as JSON, from which only what `missing` names is loaded, as a database would have it. */
function drive(
  batches: readonly (readonly Recorded<FunnelEvent>[])[],
  crashes: readonly boolean[] = [],
): { entries: Entry[]; saved: Map<string, string> } {
  const saved = new Map<string, string>()
  const entries: Entry[] = []
  for (const [i, batch] of batches.entries()) {
    // a crash: the batch is folded, and everything of it is lost before the commit
    for (const attempt of crashes[i] ? ['lost', 'kept'] : ['kept']) {
      const state = memoryState()
      const loaded = new Set<string>()
      for (let refs = missing(state, loaded, batch); refs.length; refs = missing(state, loaded, batch))
        for (const ref of refs) {
          loaded.add(nodeId(ref))
          const json = saved.get(nodeId(ref))
          if (json !== undefined) state.set(ref, JSON.parse(json) as NodeState)
        }
      const known = new Set(loaded)
      const folded = fold(state, batch, definitions)
      for (const ref of folded.changed)
        if (!known.has(nodeId(ref))) throw new Error(`${nodeId(ref)} was changed and not loaded`)
      if (folded.parked.length) throw new Error(folded.parked[0]!.reason)
      if (attempt === 'lost') continue
      for (const ref of folded.changed) saved.set(nodeId(ref), JSON.stringify(state.get(ref)))
      entries.push(...folded.entries)
    }
  }
  return { entries, saved }
}

function cut(records: readonly Recorded<FunnelEvent>[], sizes: readonly number[]): Recorded<FunnelEvent>[][] {
  const batches: Recorded<FunnelEvent>[][] = []
  for (let at = 0, i = 0; at < records.length; i++) {
    const size = sizes[i % sizes.length]!
    batches.push(records.slice(at, at + size))
    at += size
  }
  return batches
}

/** The first instant at which the journal does not tell what the cut log adds up to. */
function firstWrongInstant(records: readonly Recorded<FunnelEvent>[], entries: readonly Entry[]): number | undefined {
  for (const instant of new Set(records.map(({ recorded }) => recorded))) {
    const known = entries.filter(({ recorded }) => recorded <= instant)
    const facts = records.filter(({ recorded }) => recorded <= instant)
    if (canonicalHash(known) !== canonicalHash(contributions(facts, definitions))) return instant
  }
  return undefined
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })

describe('the ledger, for random logs', () => {
  it('tells for every instant what a rebuild of the log cut there would tell', () => {
    fc.assert(
      fc.property(happenings(), gaps, (list, between) => {
        const records = record(list, between)
        expect(firstWrongInstant(records, drive([records]).entries)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it('books the same journal and keeps the same states however the log is cut into batches and whatever crashes', () => {
    fc.assert(
      fc.property(
        happenings(),
        gaps,
        sizes,
        fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
        (list, between, cuts, crashes) => {
          const records = record(list, between)
          const whole = drive([records])
          const pieces = drive(cut(records, cuts), crashes)
          expect(journalHash(pieces.entries)).toBe(journalHash(whole.entries))
          expect([...pieces.saved].toSorted()).toEqual([...whole.saved].toSorted())
          expect(pieces.entries.map(({ cause, ordinal }) => [cause, ordinal])).toEqual(
            whole.entries.map(({ cause, ordinal }) => [cause, ordinal]),
          )
        },
      ),
      { numRuns },
    )
  })

  it('tells the same now for every order of arrival', () => {
    const shuffled = happenings().chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(
          list.map((_, i) => i),
          { minLength: list.length, maxLength: list.length },
        ),
      ),
    )
    fc.assert(
      fc.property(shuffled, gaps, ([list, order], between) => {
        const now = (entries: readonly Line[]) => canonicalHash(entries)
        expect(now(drive([record(list, between, order)]).entries)).toBe(now(drive([record(list, between)]).entries))
      }),
      { numRuns },
    )
  })

  it('finds a fold that books what it knows later as known from the start', () => {
    const wrong = fc.check(
      fc.property(happenings(), gaps, (list, between) => {
        const records = record(list, between)
        const { entries } = drive([records])
        const start = new Map(entries.toReversed().map(({ subject, recorded }) => [subject.id, recorded]))
        return (
          firstWrongInstant(
            records,
            entries.map((entry) => ({ ...entry, recorded: start.get(entry.subject.id)! })),
          ) === undefined
        )
      }),
      { numRuns },
    )
    expect(wrong.failed).toBe(true)
  })

  it('finds a fold that forgets whoever reads what changed', () => {
    const wrong = fc.check(
      fc.property(happenings(), gaps, (list, between) => {
        const records = record(list, between)
        const state = memoryState()
        // each event sees only its own subject: nobody is told of a first touch, a lead’s value or a won deal
        const entries = records.flatMap(
          (one) =>
            fold(
              { get: (ref) => (ref.key === one.event.partitionkey ? state.get(ref) : undefined), set: state.set },
              [one],
              definitions,
            ).entries,
        )
        return firstWrongInstant(records, entries) === undefined
      }),
      { numRuns },
    )
    expect(wrong.failed).toBe(true)
  })
})
