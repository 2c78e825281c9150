import { factFrom, factOrder, type FactParts } from './fact.js'
import type { DealState, LeadState, NodeState } from './state.js'

/**
 * A node as it is saved: a lead or deal without its facts, which are saved one by one, in its stream. One that is parked has
 * them, since it knows none of those that came after.
 */
export type NodeRow = Exclude<NodeState, LeadState | DealState> | Omit<LeadState, 'facts'> | Omit<DealState, 'facts'>

export function rowOf(node: NodeState): NodeRow {
  if (!isApart(node)) return node
  const { facts: _, ...row } = node
  return row
}

/** The node of a row and the facts of its stream, in whatever order; what `rowOf` was made of. */
export function nodeOf(row: NodeRow, facts: readonly FactParts[]): NodeState {
  if ((row.kind !== 'lead' && row.kind !== 'deal') || 'facts' in row) return row as NodeState
  const { kind, ...rest } = row
  // in the order of a node that was never saved: should it be parked, both are saved as one text
  return { kind, facts: facts.map(factFrom).sort(factOrder), ...rest } as NodeState
}

/** Whether the row of a node is another one after a change; most facts of leads and deals change nothing else of them. */
export function changesRow(before: NodeState | null | undefined, after: NodeState): boolean {
  if (!before || !isApart(before) || !isApart(after)) return true
  const fields = Object.keys(after) as (keyof NodeState)[]
  return (
    fields.length !== Object.keys(before).length ||
    fields.some((field) => field !== ('facts' as string) && after[field] !== before[field])
  )
}

/** Whether the facts of a node are saved apart from it. */
const isApart = (node: NodeState): node is LeadState | DealState =>
  (node.kind === 'lead' || node.kind === 'deal') && node.parked === undefined
