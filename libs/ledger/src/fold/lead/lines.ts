import type { Definitions, Measure } from '@funnel/definitions'
import type { FunnelEvent, Instant } from '@funnel/events'
import type { Dims, Line } from '../../line.js'
import { sameDims } from '../compare.js'
import { dimsAlong, knownAfter, type About } from '../dims.js'
import { startedSeconds } from '../elapsed.js'
import type { Fact } from '../fact.js'
import type { LeadState } from '../state.js'
import { leadStory, type LeadStory } from './story.js'

/**
 * What a lead adds to the measures: a pure function of its facts, its parents and its won deals.
 *
 * - `lead.captured`: once, by the first capture in fact order; later captures only tell more about the lead.
 * - `stage.entered`: every entry, re-entries included; `stage.first`: the first of each stage. A stage that was skipped
 *   is not imputed: nothing says when it would have been entered.
 * - `lead.recycled`: an entry to a stage that stands earlier in the funnel than the one before. The entry itself is kept.
 * - `lead.in-stage`: a stock; −1 and +1 when the stage, or a dimension value at the event, becomes another one.
 * - `lead.qualified`, `lead.disqualified`, `handoff.offered`, `.accepted`, `.rejected`, `.expired`, `.withdrawn`: each time
 *   it was decided. The owner of a handoff, at the event, is who accepted it, else the person it was offered to; one that was
 *   offered to a queue and not accepted has none. Whose the lead was before has no part in it.
 * - `converted`: for each declared pair of milestones that were both reached, in whatever order: from the first time of
 *   the start to the first time of the end after it, so that any window can be asked; where there is none after it, to the
 *   first of all, and `elapsed` is zero or negative. Dated by the end, with the start as its cohort and the dimension values
 *   of the start, so that numerator and denominator of a rate agree. The milestone `won` is reached with each deal that
 *   stands won.
 */
export function leadLines(id: string, state: LeadState, definitions: Definitions): Line[] {
  const { facts } = state
  const story = leadStory(facts, definitions.funnel)
  const known = knownAfter(facts)
  const dims = dimsAlong(definitions, 'lead', known, state)
  const at = (index: number) => ({
    amount: 1,
    occurred: facts[index]!.at,
    subject: { kind: 'lead', id } as const,
    dims: dims[index]!,
  })
  const lines: Line[] = []
  const entries = new Map(story.entries.map((entry) => [entry.index, entry]))
  const seen = new Set<string>()
  for (const [index, stage] of story.stages.entries()) {
    if (index === story.captured) lines.push({ measure: 'lead.captured', ...at(index) })
    const { type } = facts[index]!
    if (isOfHandoff(type)) {
      const [dims = {}] = dimsAlong(
        definitions,
        'lead',
        [ofHandoffAt(facts, index, known[index]!), known.at(-1)!],
        state,
      )
      lines.push({ measure: type, ...at(index), dims })
    } else if (isDecided(type)) lines.push({ measure: type, ...at(index) })
    const entry = entries.get(index)
    if (entry) {
      const line = { ...at(index), stage: entry.stage }
      lines.push({ measure: 'stage.entered', ...line })
      if (!seen.has(entry.stage)) lines.push({ measure: 'stage.first', ...line })
      if (entry.backward) lines.push({ measure: 'lead.recycled', ...line })
      seen.add(entry.stage)
    }
    const before = story.stages[index - 1]
    if (stage === undefined || (stage === before && sameDims(dims[index]!, dims[index - 1]!))) continue
    const level = { measure: 'lead.in-stage', ...at(index) } as const
    if (before !== undefined) lines.push({ ...level, amount: -1, stage: before, dims: dims[index - 1]! })
    lines.push({ ...level, stage })
  }
  const reached = milestones(state, story, dims)
  for (const { from, to } of definitions.funnel.conversions) {
    const [start] = reached.get(from) ?? []
    const ends = reached.get(to) ?? []
    const end = start && (ends.find(({ at }) => at > start.at) ?? ends[0])
    if (start && end)
      lines.push({
        measure: 'converted',
        amount: 1,
        occurred: end.at,
        cohort: start.at,
        elapsed: startedSeconds(start.at, end.at),
        subject: { kind: 'lead', id },
        stage: `${from}>${to}`,
        dims: start.dims,
      })
  }
  return lines
}

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

/** What was known with a fact of a handoff, its owner being who accepted it, else the person it was offered to, if any. */
function ofHandoffAt(facts: readonly Fact[], index: number, known: About): About {
  const { data } = facts[index]!
  const offer = facts
    .slice(0, index + 1)
    .findLast((one) => one.type === 'handoff.offered' && one.data['handoff'] === data['handoff'])
  const owner = (data['owner'] ?? offer?.data['assignee']) as string | undefined
  if (owner !== undefined) return { ...known, owner }
  const { owner: _, ...unowned } = known
  return unowned
}

/** The times at which each milestone was reached, in order, and the dimension values of those moments. */
function milestones(
  { facts, won }: LeadState,
  { captured, entries }: LeadStory,
  dims: readonly Dims[],
): ReadonlyMap<string, readonly { readonly at: Instant; readonly dims: Dims }[]> {
  const at = (index: number) => ({ at: facts[index]!.at, dims: dims[index]! })
  const wins = Object.values(won).toSorted((a, b) => a - b)
  return new Map([
    ...[...Map.groupBy(entries, ({ stage }) => stage)].map(
      ([stage, list]) => [stage, list.map(({ index }) => at(index))] as const,
    ),
    ['captured', captured === undefined ? [] : [at(captured)]],
    ['won', wins.map((at) => ({ at, dims: dims.at(-1) ?? {} }))],
  ])
}
