import type { Definitions, Measure, Versions } from '@funnel/definitions'
import type { FunnelEvent, Instant } from '@funnel/events'
import { lineOf, type Dims, type Line } from '../../line.js'
import { sameDims } from '../compare.js'
import { dimsAlong, dimsOf, knownAfter } from '../dims.js'
import { startedSeconds } from '../elapsed.js'
import { judgedAt } from '../fact.js'
import type { LeadState } from '../state.js'
import { leadStory, type LeadStory } from './story.js'

/**
 * What a lead adds to the measures: a pure function of its facts, its parents and its won deals.
 *
 * - `lead.captured`: once, by the first capture in fact order; later captures only tell more about the lead.
 * - `stage.entered`: every entry, re-entries included; `stage.first`: the first of each stage; `stage.last`: the last of each
 *   so far, so that a re-entry takes it back from the period of the entry before. A stage that was skipped is not imputed:
 *   nothing says when it would have been entered.
 * - `lead.recycled`: an entry by which the lead was sent back, to whatever stage, or to a stage that stands earlier than the one
 *   before, in the funnel that is in force at the entry. The entry itself is kept.
 * - `lead.in-stage`: a stock; −1 and +1 when the stage, or a dimension value at the event, becomes another one.
 * - `lead.qualified`, `lead.disqualified`, `handoff.offered`, `.accepted`, `.rejected`, `.expired`, `.withdrawn`: each time
 *   it was decided. The owner of a handoff, at the event, is who accepted it, else the person it was offered to; one that was
 *   offered to a queue and not accepted has none. Whose the lead was before has no part in it.
 * - `converted`: for each pair of milestones that were both reached, in whatever order, and that the funnel declares which
 *   is in force at the start: leads that set out together are counted by one rule, all or none of them, so that a change of
 *   the funnel in between makes no rate of halves. From the first time of
 *   the start to the first time of the end after it, so that any window can be asked; where there is none after it, to the
 *   first of all, and `elapsed` is zero or negative. Dated by the end, with the start as its cohort and the dimension values
 *   of the start, so that numerator and denominator of a rate agree. The milestone `won` is reached with each deal that
 *   stands won.
 */
export function leadLines(id: string, state: LeadState, versions: Versions): Line[] {
  const { facts } = state
  const story = leadStory(facts, versions)
  const dims = dimsAlong(versions, 'lead', facts, state)
  const subject = { kind: 'lead', id } as const
  const lines: Line[] = []
  const book = (measure: Measure, index: number, stage?: string, of = dims[index]!, amount = 1) =>
    lines.push(lineOf(measure, amount, { occurred: facts[index]!.at, subject, stage, dims: of }))
  let entered = 0
  for (let index = 0; index < facts.length; index++) {
    const stage = story.stages[index]
    if (index === story.captured) book('lead.captured', index)
    const { type } = facts[index]!
    if (isOfHandoff(type)) book(type, index, undefined, ofHandoffAt(state, index, versions))
    else if (isDecided(type)) book(type, index)
    const entry = story.entries[entered]
    if (entry?.index === index) {
      book('stage.entered', index, entry.stage)
      if (entry.first) book('stage.first', index, entry.stage)
      if (entered === story.last.get(entry.stage)) book('stage.last', index, entry.stage)
      if (entry.backward) book('lead.recycled', index, entry.stage)
      entered++
    }
    const before = story.stages[index - 1]
    if (stage === undefined || (stage === before && sameDims(dims[index]!, dims[index - 1]!))) continue
    if (before !== undefined) book('lead.in-stage', index, before, dims[index - 1], -1)
    book('lead.in-stage', index, stage)
  }
  for (const { index, end, stage } of conversions(state, story, versions)) {
    const cohort = facts[index]!.at
    const elapsed = startedSeconds(cohort, end)
    lines.push(lineOf('converted', 1, { occurred: end, cohort, elapsed, subject, stage, dims: dims[index]! }))
  }
  return lines
}

/** A conversion that is booked: the fact that it starts with, when it ended, and `from>to`. */
interface Conversion {
  readonly index: number
  readonly end: Instant
  readonly stage: string
}

/** The conversions of a lead, see `leadLines`. */
export function conversions(state: LeadState, story: LeadStory, versions: Versions): Conversion[] {
  const reached: Conversion[] = []
  const startAt = (from: string, index: number) => {
    const start = state.facts[index]!
    for (const { to, stage } of conversionsFrom(from, versions.at(judgedAt(start)).funnel)) {
      const end = reachedAfter(start.at, to, state, story)
      if (end !== undefined) reached.push({ index, end, stage })
    }
  }
  if (story.captured !== undefined) startAt('captured', story.captured)
  for (const { stage, index, first } of story.entries)
    if (first && stage !== 'captured' && stage !== 'won') startAt(stage, index)
  return reached
}

type Funnel = Definitions['funnel']
/** A pair of milestones by its end. */
interface Pair {
  readonly to: string
  readonly stage: string
}
const pairs = new WeakMap<Funnel, ReadonlyMap<string, readonly Pair[]>>()

/** The pairs of a funnel that start with a milestone, sorted out once. */
function conversionsFrom(from: string, funnel: Funnel): readonly Pair[] {
  let known = pairs.get(funnel)
  if (!known) {
    const named = funnel.conversions.map(({ from, to }) => ({ from, to, stage: `${from}>${to}` }))
    pairs.set(funnel, (known = Map.groupBy(named, ({ from }) => from)))
  }
  return known.get(from) ?? NONE
}
const NONE: readonly Pair[] = []

type Counted = FunnelEvent['type'] & Measure

/** Decisions that are counted as they are. */
const decided = ['lead.qualified', 'lead.disqualified'] as const satisfies readonly Counted[]
const isDecided = (type: string): type is (typeof decided)[number] => (decided as readonly string[]).includes(type)

/** The same of handoffs, which are somebody's before they are the owner's. */
const ofHandoff = [
  'handoff.offered',
  'handoff.accepted',
  'handoff.rejected',
  'handoff.expired',
  'handoff.withdrawn',
] as const satisfies readonly Counted[]
const isOfHandoff = (type: string): type is (typeof ofHandoff)[number] =>
  (ofHandoff as readonly string[]).includes(type)

/** The dimension values of a fact of a handoff: its owner is who accepted it, else the person it was offered to, if any. */
function ofHandoffAt(state: LeadState, index: number, versions: Versions): Dims {
  const { facts } = state
  const fact = facts[index]!
  const offer = facts
    .slice(0, index + 1)
    .findLast((one) => one.type === 'handoff.offered' && one.data['handoff'] === fact.data['handoff'])
  const owner = (fact.data['owner'] ?? offer?.data['assignee']) as string | undefined
  const known = knownAfter(facts)
  const { owner: _, ...unowned } = known[index]!
  const now = { about: known.at(-1)!, definitions: versions.at(judgedAt(facts.at(-1)!)) }
  return dimsOf(
    versions.at(judgedAt(fact)),
    'lead',
    { ...unowned, ...(owner === undefined ? {} : { owner }) },
    state,
    now,
  )
}

/** When a milestone was reached first after an instant; when first of all where that was never after it. */
function reachedAfter(
  start: Instant,
  milestone: string,
  { facts, won }: LeadState,
  { captured, entries }: LeadStory,
): Instant | undefined {
  if (milestone === 'captured') return captured === undefined ? undefined : facts[captured]!.at
  if (milestone === 'won') {
    const times = Object.values(won).toSorted((a, b) => a - b)
    return times.find((at) => at > start) ?? times[0]
  }
  let first: Instant | undefined
  for (const { stage, index } of entries) {
    if (stage !== milestone) continue
    const { at } = facts[index]!
    if (at > start) return at
    first ??= at
  }
  return first
}
