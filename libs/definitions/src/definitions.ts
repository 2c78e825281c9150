import type { Team } from './routing/routing.js'

/** Who answers for a definition in each team. */
export interface Owners {
  readonly marketing: string
  readonly sales: string
}

/** What every definition has. */
export interface Definition {
  readonly id: string
  readonly version: number
  readonly name: string
  readonly description: string
  readonly owners: Owners
}

/** Who approved a definition in each team; it needs both. */
export type Approvals = { readonly [team in keyof Owners]?: string }

/** A step of the shared funnel. Stages are listed in order; a report of an earlier one is an implicit recycle. */
export interface Stage {
  readonly id: string
  readonly name: string
  readonly type: 'open' | 'won' | 'lost' | 'recycled'
  readonly owner: 'marketing' | 'sales'
  /** When a lead enters it, in words or by a qualification rule. */
  readonly entry?: string | { readonly rule: string }
  /** What it means that a lead passed it by: it was not entered, and nothing counts it; also where nothing is said. */
  readonly skipped?: 'not-entered'
}

/** The shared funnel: its stages in order and the conversions that are booked. */
export interface Funnel extends Definition {
  readonly stages: readonly Stage[]
  /** Pairs of milestones: `captured`, a stage's id, or `won`. */
  readonly conversions: readonly { readonly from: string; readonly to: string }[]
  /** The stage that an accepted handoff leads to; absent: the lead stays where it is. */
  readonly accepted?: string
  /** The stage that a converted lead is in; absent: it stays where it is. */
  readonly converted?: string
}

/** What has dimension values of its own. */
export type Subject = 'touch' | 'lead' | 'deal' | 'clock'

/** What is counted. A person has the dimension values of the lead that it is counted by. A clock is one run of a promise. */
export const grains = ['touch', 'lead', 'deal', 'person', 'clock'] as const
export type Grain = (typeof grains)[number]

/**
 * Where a dimension's value comes from: a field of the subject's own facts, its first touch, or (for deals and clocks) its lead.
 * `at_event`: as of the fact that made the line, never rebooked. `latest`: as known now, a change rebooks the lines;
 * what comes from the first touch or from the lead is always so. A `reason` is that of the fact that gives it and of no other.
 */
export interface DimensionSource {
  readonly from: string
  /** Of the owner: the id of the team that they are a member of, or its manager. As of when the value is. */
  readonly attribute?: 'team' | 'manager'
  readonly value?: 'at_event' | 'latest'
}

export interface Dimension extends Definition {
  readonly sources: { readonly [subject in Subject]?: DimensionSource }
}

/** Adds up one measure or several, of one stage where a stage is named. */
export interface Sum {
  readonly measure?: string
  readonly measures?: readonly string[]
  readonly where?: { readonly stage?: string }
}

export type Formula =
  | { readonly sum: Sum }
  | { readonly stock: Sum }
  | { readonly ratio: { readonly numerator: Sum; readonly denominator: Sum } }
  | { readonly conversion: { readonly from: string; readonly to: string; readonly window?: string } }
  | { readonly elapsed: Sum & { readonly stat: 'mean' | 'median' | 'p90' } }

export interface Kpi extends Definition {
  readonly unit: 'count' | 'ratio' | 'money' | 'duration'
  /** What is counted. */
  readonly grain: Grain
  readonly formula: Formula
}

/** What a decision must give a reason for; a taxonomy has one of these ids. */
export const reasonsFor = ['disqualified', 'recycled', 'reversed', 'rejected', 'lost'] as const
export type ReasonFor = (typeof reasonsFor)[number]

/** The reasons that both teams use for one kind of decision. */
export interface Taxonomy extends Definition {
  readonly id: ReasonFor
  /** `note: true`: the reason alone says too little, so a note must tell more. */
  readonly reasons: readonly { readonly id: string; readonly name: string; readonly note?: boolean }[]
}

/** What the numbers depend on, as plain JSON: what a generation of the read models is pinned to. */
export interface Definitions {
  readonly funnel: Funnel
  readonly dimensions: readonly Dimension[]
  readonly kpis: readonly Kpi[]
  /** Who is in which team: dimensions may ask for it. */
  readonly teams: readonly Team[]
}

/** What the ledger adds up. Flows belong to a period; stocks are levels. */
export const measures = {
  touch: 'flow',
  'lead.captured': 'flow',
  'lead.qualified': 'flow',
  'lead.disqualified': 'flow',
  'lead.recycled': 'flow',
  'lead.in-stage': 'stock',
  'stage.entered': 'flow',
  'stage.first': 'flow',
  'stage.last': 'flow',
  converted: 'flow',
  'handoff.offered': 'flow',
  'handoff.accepted': 'flow',
  'handoff.rejected': 'flow',
  'handoff.expired': 'flow',
  'handoff.withdrawn': 'flow',
  'deal.opened': 'flow',
  'deal.opened.value': 'flow',
  'deal.won': 'flow',
  'deal.won.value': 'flow',
  'deal.lost': 'flow',
  'deal.lost.value': 'flow',
  'deal.open': 'stock',
  'deal.open.value': 'stock',
  'deal.won.standing': 'stock',
  'person.captured': 'flow',
  'sla.started': 'flow',
  'sla.met': 'flow',
  'sla.missed': 'flow',
  'sla.cancelled': 'flow',
  'sla.answered': 'flow',
  'sla.late': 'flow',
  'sla.open': 'stock',
  'sla.overdue': 'stock',
} as const satisfies Record<string, 'flow' | 'stock'>

export type Measure = keyof typeof measures

/** Whose stages the entries of a measure name: those of the funnel, pairs of them, or those of deals; none, undefined. */
export const stagesOf = (measure: string): 'funnel' | 'pairs' | 'deal' | undefined => {
  if (measure === 'converted') return 'pairs'
  if (/^(stage\.|lead\.in-stage$|lead\.recycled$)/.test(measure)) return 'funnel'
  return measure === 'deal.open' || measure === 'deal.open.value' ? 'deal' : undefined
}

/** What a measure counts, or holds the value of. */
export const grainOf = (measure: Measure): Grain =>
  measure.startsWith('sla.')
    ? 'clock'
    : (grains.find((grain) => measure === grain || measure.startsWith(`${grain}.`)) ?? 'lead')
