import type { Definitions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Dims, Line } from '../line.js'
import { dimsOf, knownAfter, type About } from './dims.js'
import type { Fact } from './fact.js'
import type { LeadState } from './state.js'

/** What stands out about a lead. */
export type LeadFlag = 'recycled' | 'unknown-stage' | 'negative-cycle'

interface LeadStory {
  readonly captured?: { readonly at: Instant; readonly index: number }
  /** Entries in fact order; a report of the stage the lead is in already is no entry. */
  readonly entries: readonly {
    readonly stage: string
    readonly at: Instant
    readonly index: number
    readonly backward: boolean
  }[]
}

/**
 * What a lead adds to the measures: a pure function of its facts, its first touch and its won deals.
 *
 * - `lead.captured`: once, by the first capture in fact order.
 * - `stage.entered`: every entry, re-entries included; `stage.first`: the first of each stage. A stage that was skipped is
 *   not imputed.
 * - `lead.recycled`: an entry to a stage that stands earlier in the funnel than the one before.
 * - `lead.in-stage`: a stock; −1 and +1 when the stage is left and entered.
 * - `converted`, for each declared pair of milestones that were both reached, in whatever order: in the cohort of the
 *   first, with the dimension values of that moment, so that numerator and denominator of a rate agree.
 */
export function leadLines(id: string, state: LeadState, definitions: Definitions): Line[] {
  const { steps, latest } = aboutLead(state)
  const { captured, entries } = storyOf(state.facts, definitions)
  const subject = { kind: 'lead', id } as const
  const dims = steps.map((about) => dimsOf(definitions, 'lead', { ...about, ...touchOf(state) }, latest))
  const lines: Line[] = []
  const reached = new Map<string, { at: Instant; dims: Dims }>()

  if (captured) {
    lines.push({ measure: 'lead.captured', amount: 1, occurred: captured.at, subject, dims: dims[captured.index]! })
    reached.set('captured', { at: captured.at, dims: dims[captured.index]! })
  }
  let before: { stage: string; dims: Dims } | undefined
  for (const { stage, at, index, backward } of entries) {
    const line = { amount: 1, occurred: at, subject, stage, dims: dims[index]! }
    lines.push({ measure: 'stage.entered', ...line })
    if (!reached.has(stage)) {
      lines.push({ measure: 'stage.first', ...line })
      reached.set(stage, { at, dims: line.dims })
    }
    if (backward) lines.push({ measure: 'lead.recycled', ...line })
    if (before) lines.push({ measure: 'lead.in-stage', ...line, ...before, amount: -1 })
    lines.push({ measure: 'lead.in-stage', ...line })
    before = { stage, dims: line.dims }
  }
  const won = wonAt(state)
  if (won !== undefined) reached.set('won', { at: won, dims: dimsOf(definitions, 'lead', latest, latest) })
  for (const { from, to } of definitions.funnel.conversions) {
    const start = reached.get(from)
    const end = reached.get(to)
    if (start && end)
      lines.push({
        measure: 'converted',
        amount: 1,
        occurred: end.at,
        cohort: start.at,
        elapsed: startedSeconds(start.at, end.at),
        subject,
        stage: `${from}>${to}`,
        dims: start.dims,
      })
  }
  return lines
}

/** What a lead passes on to its deals: its dimension values as known now. */
export function passedOn(state: LeadState, definitions: Definitions): Dims {
  const { latest } = aboutLead(state)
  return dimsOf(definitions, 'lead', latest, latest)
}

/** Person and visitor of a lead: the latest that its facts name. */
export function linksOf(facts: readonly Fact[]): { readonly person?: string; readonly visitor?: string } {
  const last = (field: 'person' | 'visitor') =>
    facts.findLast(({ data }) => data[field] !== undefined)?.data[field] as string | undefined
  const person = last('person')
  const visitor = last('visitor')
  return { ...(person === undefined ? {} : { person }), ...(visitor === undefined ? {} : { visitor }) }
}

/** A row of the lead list. */
export interface LeadRow {
  readonly lead: string
  readonly person?: string
  readonly stage?: string
  readonly owner?: string
  readonly channel?: string
  readonly capturedAt?: Instant
  readonly stageAt?: Instant
  readonly properties: Readonly<Record<string, unknown>>
  readonly flags: readonly LeadFlag[]
}

/** The lead as it is known now. */
export function leadRow(id: string, state: LeadState, definitions: Definitions): LeadRow {
  const { latest } = aboutLead(state)
  const { captured, entries } = storyOf(state.facts, definitions)
  const { person } = linksOf(state.facts)
  const stage = entries.at(-1)
  const known = definitions.funnel.stages.map((s) => s.id)
  const flags: LeadFlag[] = []
  if (entries.some(({ backward }) => backward)) flags.push('recycled')
  if (entries.some((entry) => !known.includes(entry.stage))) flags.push('unknown-stage')
  if (leadLines(id, state, definitions).some(({ measure, elapsed }) => measure === 'converted' && elapsed! < 0))
    flags.push('negative-cycle')
  return {
    lead: id,
    ...(person === undefined ? {} : { person }),
    ...(stage ? { stage: stage.stage, stageAt: stage.at } : {}),
    ...(latest.owner === undefined ? {} : { owner: latest.owner }),
    ...(state.touch?.channel === undefined ? {} : { channel: state.touch.channel }),
    ...(captured ? { capturedAt: captured.at } : {}),
    properties: latest.properties ?? {},
    flags,
  }
}

/** Seconds begun from one instant to another: the ceiling; never −0. */
export const startedSeconds = (from: Instant, to: Instant): number => Math.ceil((to - from) / 1000) || 0

const touchOf = ({ touch }: LeadState): About => (touch ? { touch } : {})

function aboutLead(state: LeadState): { steps: readonly About[]; latest: About } {
  const { steps, latest } = knownAfter(state.facts)
  return { steps, latest: { ...latest, ...touchOf(state) } }
}

function wonAt({ won }: LeadState): Instant | undefined {
  const times = Object.values(won)
  return times.length ? Math.min(...times) : undefined
}

function storyOf(facts: readonly Fact[], { funnel }: Definitions): LeadStory {
  const order = new Map(funnel.stages.map(({ id }, i) => [id, i]))
  const entries: LeadStory['entries'][number][] = []
  let captured: LeadStory['captured']
  for (const [index, { type, at, data }] of facts.entries()) {
    if (type === 'lead.captured') captured ??= { at, index }
    if (type !== 'lead.stage-entered') continue
    const stage = data['stage'] as string
    const before = entries.at(-1)?.stage
    if (stage === before) continue
    const backward = before !== undefined && (order.get(stage) ?? Infinity) < (order.get(before) ?? -Infinity)
    entries.push({ stage, at, index, backward })
  }
  return { ...(captured ? { captured } : {}), entries }
}
