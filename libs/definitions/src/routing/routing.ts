import { holds, type Condition, type ValueOf } from '../condition/condition.js'
import type { Definition } from '../definitions.js'

/** People who work together. A person is an id, never a name or an address, and is in one team. */
export interface Team extends Definition {
  readonly side: 'marketing' | 'sales'
  readonly manager: string
  readonly members: readonly string[]
}

/** A part of the market and the team that looks after it. */
export interface Territory extends Definition {
  readonly where: Condition
  readonly team: string
}

/** Those who take leads in turn. */
export interface Queue extends Definition {
  readonly members: readonly {
    readonly member: string
    /** Share in proportion to the others; a whole number from 1. */
    readonly weight: number
    /** Open leads at most; absent: any number. */
    readonly capacity?: number
  }[]
}

export interface RoutingRule {
  /** Absent: every lead. */
  readonly where?: Condition
  readonly queue: string
  /** How long the offer stands, by the clock on the wall, such as `4h`. */
  readonly deadline: string
  /** Who gets the lead when nobody answers in time. */
  readonly fallback: string
}

/** To whom leads that enter a stage are offered: the first rule that holds decides. */
export interface Routing extends Definition {
  readonly stage: string
  readonly rules: readonly RoutingRule[]
}

/** The territory that a lead belongs to: of those whose condition holds, the first by id. */
export const territoryOf = (territories: readonly Territory[], valueOf: ValueOf): Territory | undefined =>
  territories.toSorted((a, b) => (a.id < b.id ? -1 : 1)).find(({ where }) => holds(where, valueOf))

/**
 * The rule by which a lead is offered; conditions may ask for its `territory` too. The last rule of a checked routing
 * takes every lead.
 */
export function ruleFor(
  { rules }: Routing,
  territories: readonly Territory[],
  valueOf: ValueOf,
): RoutingRule | undefined {
  const territory = territoryOf(territories, valueOf)?.id
  return rules.find(
    ({ where }) => !where || holds(where, (field) => (field === 'territory' ? territory : valueOf(field))),
  )
}
