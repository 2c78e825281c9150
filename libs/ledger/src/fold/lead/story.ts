import type { Definitions, Versions } from '@funnel/definitions'
import { judgedAt, type Fact } from '../fact.js'

/** A change of stage. */
export interface StageEntry {
  readonly stage: string
  /** Index of the fact that reports it. */
  readonly index: number
  /** The lead was never in this stage before. */
  readonly first: boolean
  /** The lead was sent back to it, or it stands earlier in the funnel than the stage before: an implicit recycle. */
  readonly backward: boolean
  /** The funnel does not have it. */
  readonly unknown: boolean
}

/** A lead through time, by fact order. */
export interface LeadStory {
  /** Index of the first capture. */
  readonly captured: number | undefined
  /** Every change of stage; a report of the stage the lead is in already is none. */
  readonly entries: readonly StageEntry[]
  /** The stage after each fact. */
  readonly stages: readonly (string | undefined)[]
  /** The last change of stage to each, so far: its place among the entries. */
  readonly last: ReadonlyMap<string, number>
  /** Indexes of the conversions that were reversed. */
  readonly reversed: ReadonlySet<number>
}

/**
 * Reads the facts of a lead, each entry by the funnel in force at it: that one says where this stage and the one before stand.
 * A stage that it does not have, for it had been or was still to come, is entered all the same, and comes neither before nor
 * after any other. A lead that was sent back (`lead.recycled`) went back wherever the stage stands: those of type recycled may
 * stand after the others. A conversion that was reversed enters no stage: it is as if it had not been.
 */
export function leadStory(facts: readonly Fact[], versions: Versions): LeadStory {
  const reversed = reversedConversions(facts)
  const entries: StageEntry[] = []
  const stages: (string | undefined)[] = []
  const last = new Map<string, number>()
  let captured: number | undefined
  let stage: string | undefined
  // of all that is folded this is run most often: loops by index make nothing
  for (let index = 0; index < facts.length; index++) {
    const fact = facts[index]!
    const { type, data } = fact
    if (type === 'lead.captured') captured ??= index
    const next = reversed.has(index) ? undefined : (data['stage'] as string | undefined)
    if (next !== undefined && next !== stage) {
      const { stages: known } = versions.at(judgedAt(fact)).funnel
      const to = placeOf(next, known)
      const backward = type === 'lead.recycled' || (to >= 0 && to < placeOf(stage, known))
      const first = !last.has(next)
      last.set(next, entries.length)
      entries.push({ stage: next, index, first, backward, unknown: to < 0 })
      stage = next
    }
    stages.push(stage)
  }
  return { captured, entries, stages, last, reversed }
}

function placeOf(stage: string | undefined, stages: Definitions['funnel']['stages']): number {
  for (let place = 0; place < stages.length; place++) if (stages[place]!.id === stage) return place
  return -1
}

const NONE: ReadonlySet<number> = new Set()

/** Indexes of the conversions that a later reversal takes back: each the last one before it that stands. */
function reversedConversions(facts: readonly Fact[]): ReadonlySet<number> {
  if (!facts.some(({ type }) => type === 'lead.conversion-reversed')) return NONE
  const reversed = new Set<number>()
  const standing: number[] = []
  for (const [index, { type }] of facts.entries()) {
    if (type === 'lead.converted') standing.push(index)
    else if (type === 'lead.conversion-reversed' && standing.length) reversed.add(standing.pop()!)
  }
  return reversed
}
