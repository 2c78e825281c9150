import type pg from 'pg'
import {
  millis,
  missing,
  nodeOf,
  NodeMap,
  type FactParts,
  type FoldState,
  type NodeRef,
  type NodeRow,
  type NodeState,
  type FactRecord,
} from '@funnel/ledger'
import type { Queryable } from '../generation/generation.js'

/** What one batch changes; reads through to the states as they were before it. */
export interface Changes extends FoldState {
  readonly all: Pick<NodeMap<Changed>, 'values'>
}

/** A node whose state is another one now. */
export interface Changed {
  readonly ref: NodeRef
  readonly node: NodeState
  /** As it was before the batch. */
  readonly before: NodeState | null | undefined
}

/**
 * The nodes of a generation, those of them that it has. They are looked up one by one (`offset 0` keeps the planner from
 * joins): of tables that grow it knows nothing yet.
 */
export async function nodesOf(
  db: Queryable,
  schema: string,
  refs: readonly NodeRef[],
): Promise<{ readonly ref: NodeRef; readonly node: NodeState }[]> {
  const { rows } = await db.query<NodeRef & { readonly state: NodeRow; readonly facts: readonly FactParts[] | null }>({
    name: `${schema}.load`,
    text: `select n.kind, n.key, n.state, case when n.kind in ('lead', 'deal') then (
             select json_agg(json_build_object('id', id, 'type', type, 'at', ${millis('occurred_at')}, 'recorded', ${millis('recorded_at')},
               'sequence', sequence, 'future', future, 'data', data))
             from ${schema}.fact where stream = n.kind || '-' || n.key) end facts
           from unnest($1::text[], $2::text[]) r (kind, key)
             cross join lateral (select * from ${schema}.node where node.kind = r.kind and node.key = r.key offset 0) n`,
    values: [refs.map(({ kind }) => kind), refs.map(({ key }) => key)],
  })
  return rows.map(({ kind, key, state, facts }) => ({ ref: { kind, key }, node: nodeOf(state, facts ?? []) }))
}

/**
 * The states of the nodes of a generation: a bounded cache over the tables `node` and `fact`, ahead of them by the batches
 * that are being saved. True as long as the fence holds, since nobody else writes there then.
 */
export class States {
  readonly #pool: pg.Pool
  readonly #schema: string
  readonly #most: number
  /** What a node's row says, or is about to; null: there is none. */
  readonly #kept = new NodeMap<NodeState | null>()
  readonly #unsaved = new Set<Changes>()

  /** Of the generation in `schema`; of those that are saved about `most` are kept. */
  constructor(pool: pg.Pool, schema: string, most: number) {
    this.#pool = pool
    this.#schema = schema
    this.#most = most
  }

  /** Loads what the fold of these records will read, round by round. */
  async load(records: readonly FactRecord[]): Promise<void> {
    const kept = this.#kept
    for (let next = missing(kept, records); next.refs.length; next = missing(kept, next.records)) {
      const { refs } = next
      for (const ref of refs) kept.set(ref, null)
      for (const { ref, node } of await nodesOf(this.#pool, this.#schema, refs)) kept.set(ref, node)
    }
  }

  /** The states as of now, to be changed by one batch. */
  change(): Changes {
    const kept = this.#kept
    const all = new NodeMap<Changed>()
    return {
      all,
      get: (ref) => all.get(ref)?.node ?? kept.get(ref) ?? undefined,
      set: (ref, node) => all.set(ref, { ref, node, before: kept.get(ref) }),
    }
  }

  /** Takes in what a batch has changed; it stays here at least until it is saved. */
  keep(changes: Changes): void {
    this.#unsaved.add(changes)
    for (const { ref, node } of changes.all.values()) this.#kept.set(ref, node)
    if (this.#kept.size <= this.#most) return
    this.#kept.halve()
    for (const { all } of this.#unsaved) for (const { ref, node } of all.values()) this.#kept.set(ref, node)
  }

  saved(changes: Changes): void {
    this.#unsaved.delete(changes)
  }
}
