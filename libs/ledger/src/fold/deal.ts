import type { Definitions } from '@funnel/definitions'
import type { Instant } from '@funnel/events'
import type { Line } from '../line.js'
import { dimsOf, knownAfter, type About } from './dims.js'
import type { Fact } from './fact.js'
import { startedSeconds } from './lead.js'
import type { DealState } from './state.js'

interface Money {
  readonly minor: number
  readonly currency: string
}

type Outcome = 'open' | 'won' | 'lost'

/** A deal through time: what it is after a fact. `undefined` outcome: not known to be open yet. */
interface Standing {
  readonly outcome?: Outcome
  readonly stage?: string
  readonly amount?: Money
}

interface DealStory {
  readonly steps: readonly Standing[]
  readonly opened?: { readonly at: Instant; readonly index: number; readonly amount?: Money }
  /** The close that stands: the first report of it since the deal was open last. */
  readonly closed?: { readonly at: Instant; readonly index: number; readonly outcome: 'won' | 'lost' }
  readonly end: Standing
}

/**
 * What a deal adds to the measures: a pure function of its facts and of what its lead passes on.
 *
 * - `deal.opened(.value)`: the first opening, with its amount where it names one.
 * - `deal.won(.value)`, `deal.lost(.value)`: the outcome that stands, in the period of the close, at the latest known
 *   amount: an amount that changed after the win re-prices it. A reopened deal has no outcome; what it had is reversed in
 *   its own period. Without an amount there is a count and no value. `elapsed` runs from the opening, where that is known.
 * - `deal.open(.value)`, `deal.won.standing`: stocks, moved at the instant of each change.
 */
export function dealLines(id: string, state: DealState, definitions: Definitions): Line[] {
  const { steps: abouts, latest } = aboutDeal(state)
  const { steps, opened, closed, end } = storyOf(state.facts)
  const subject = { kind: 'deal', id } as const
  const dims = abouts.map((about) => dimsOf(definitions, 'deal', about, latest))
  const lines: Line[] = []
  const money = (
    measure: Line['measure'],
    sign: 1 | -1,
    { minor, currency }: Money,
    line: Omit<Line, 'measure' | 'amount'>,
  ) => {
    if (minor !== 0) lines.push({ ...line, measure, amount: sign * minor, currency })
  }

  if (opened) {
    const line = { occurred: opened.at, subject, dims: dims[opened.index]! }
    lines.push({ measure: 'deal.opened', amount: 1, ...line })
    if (opened.amount) money('deal.opened.value', 1, opened.amount, line)
  }
  if (closed) {
    const line = {
      occurred: closed.at,
      subject,
      dims: dims[closed.index]!,
      ...(opened ? { cohort: opened.at, elapsed: startedSeconds(opened.at, closed.at) } : {}),
    }
    lines.push({ measure: `deal.${closed.outcome}`, amount: 1, ...line })
    if (end.amount) money(`deal.${closed.outcome}.value`, 1, end.amount, line)
  }

  let before: Standing = {}
  let beforeDims = {}
  for (const [index, now] of steps.entries()) {
    const occurred = state.facts[index]!.at
    for (const [standing, sign, its] of [
      [before, -1, beforeDims],
      [now, 1, dims[index]!],
    ] as const) {
      const line = { occurred, subject, dims: its, ...(standing.stage === undefined ? {} : { stage: standing.stage }) }
      if (standing.outcome === 'open') {
        lines.push({ measure: 'deal.open', amount: sign, ...line })
        if (standing.amount) money('deal.open.value', sign, standing.amount, line)
      }
      if (standing.outcome === 'won')
        lines.push({ measure: 'deal.won.standing', amount: sign, occurred, subject, dims: its })
    }
    before = now
    beforeDims = dims[index]!
  }
  return lines
}

/** When the deal was won, if it stands won. */
export function wonAtOf(state: DealState): Instant | undefined {
  const { closed } = storyOf(state.facts)
  return closed?.outcome === 'won' ? closed.at : undefined
}

/** The lead a deal came from: the latest that its facts name. */
export const leadOf = (facts: readonly Fact[]): string | undefined =>
  facts.findLast(({ data }) => data['lead'] !== undefined)?.data['lead'] as string | undefined

/** What stands out about a deal. */
export type DealFlag = 'negative-cycle' | 'never-opened'

/** A row of the deal list. */
export interface DealRow {
  readonly deal: string
  readonly lead?: string
  readonly person?: string
  readonly account?: string
  readonly stage?: string
  readonly outcome: Outcome
  readonly amount?: number
  readonly currency?: string
  readonly owner?: string
  readonly openedAt?: Instant
  readonly closedAt?: Instant
  readonly properties: Readonly<Record<string, unknown>>
  readonly flags: readonly DealFlag[]
}

/** The deal as it is known now. */
export function dealRow(id: string, state: DealState): DealRow {
  const { latest } = aboutDeal(state)
  const { opened, closed, end } = storyOf(state.facts)
  const last = (field: 'person' | 'account') =>
    state.facts.findLast(({ data }) => data[field] !== undefined)?.data[field] as string | undefined
  const defined = {
    lead: leadOf(state.facts),
    person: last('person'),
    account: last('account'),
    stage: end.stage,
    amount: end.amount?.minor,
    currency: end.amount?.currency,
    owner: latest.owner,
    openedAt: opened?.at,
    closedAt: closed?.at,
  }
  return {
    ...(Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined)) as Partial<DealRow>),
    deal: id,
    outcome: end.outcome ?? 'open',
    properties: latest.properties ?? {},
    flags: [
      ...(opened && closed && closed.at < opened.at ? (['negative-cycle'] as const) : []),
      ...(opened ? [] : (['never-opened'] as const)),
    ],
  }
}

function aboutDeal(state: DealState): { steps: readonly About[]; latest: About } {
  const { steps, latest } = knownAfter(state.facts)
  return { steps, latest: { ...latest, inherited: state.inherited } }
}

function storyOf(facts: readonly Fact[]): DealStory {
  let now: Standing = {}
  let opened: DealStory['opened']
  let closed: DealStory['closed']
  const steps: Standing[] = []
  for (const [index, { type, at, data }] of facts.entries()) {
    const { stage, amount } = data as { stage?: string; amount?: Money }
    const outcome = outcomeAfter(type, now.outcome)
    if (type === 'deal.opened') opened ??= { at, index, ...(amount ? { amount } : {}) }
    if (outcome !== now.outcome || closed === undefined)
      closed = outcome === 'won' || outcome === 'lost' ? { at, index, outcome } : undefined
    now = {
      ...now,
      ...(outcome === undefined ? {} : { outcome }),
      ...(stage === undefined ? {} : { stage }),
      ...(amount === undefined ? {} : { amount }),
    }
    steps.push(now)
  }
  return { steps, ...(opened ? { opened } : {}), ...(closed ? { closed } : {}), end: now }
}

/** A closed deal stays closed until it is reopened; a report of an opening or a stage comes too late for it. */
function outcomeAfter(type: string, before: Outcome | undefined): Outcome | undefined {
  switch (type) {
    case 'deal.won':
      return 'won'
    case 'deal.lost':
      return 'lost'
    case 'deal.reopened':
      return 'open'
    case 'deal.opened':
    case 'deal.stage-entered':
      return before ?? 'open'
    default:
      return before
  }
}
