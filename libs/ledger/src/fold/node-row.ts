import { factFrom, factOrder, type FactParts } from './fact.js'
import type { DealState, LeadState, NodeState } from './state.js'

/**
 * A node as it is saved: a lead or deal without its facts, which are saved one by one, in its stream. One that is parked has
 * them, since it knows none of those that came after.
 */
export type NodeRow = Exclude<NodeState, LeadState | DealState> | Omit<LeadState, 'facts'> | Omit<DealState, 'facts'>

/** The row of a node: of equal leads or deals to the letter the same, in whatever order they came to have their fields. */
export function rowOf(node: NodeState): NodeRow {
  if (!hasFacts(node)) return node
  const fields = Object.entries(node).filter(([name]) => name !== 'facts' || node.parked !== undefined)
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as NodeRow
}

/** The node of a row and of the facts of its stream, in whatever order these are. */
export function nodeOf(row: NodeRow, facts: readonly FactParts[]): NodeState {
  if ((row.kind !== 'lead' && row.kind !== 'deal') || row.parked !== undefined) return row as NodeState
  return { ...row, facts: facts.map(factFrom).sort(factOrder) }
}

/** Whether a change of a node changes its row; most facts of leads and deals do not. */
export function changesRow(before: NodeState | null | undefined, after: NodeState): boolean {
  if (!before || !hasFacts(after) || after.parked !== before.parked) return true
  const fields = Object.keys(after) as (keyof NodeState)[]
  return (
    fields.length !== Object.keys(before).length ||
    fields.some((field) => field !== ('facts' as string) && after[field] !== before[field])
  )
}

const hasFacts = (node: NodeState): node is LeadState | DealState => node.kind === 'lead' || node.kind === 'deal'
