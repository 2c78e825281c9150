import type pg from 'pg'
import type { FunnelEvent, Recorded } from '@funnel/events'
import { missing, NodeMap, type FoldState, type NodeRef, type NodeState } from '@funnel/ledger'

/** States kept in memory between batches, at most. */
const MOST_KEPT = 100_000

/** What one batch changes; reads through to the states as they were before it. */
export interface Changes extends FoldState {
  readonly all: Pick<NodeMap<Changed>, 'values'>
}

/** A node whose state is another one now. */
export interface Changed {
  readonly ref: NodeRef
  readonly node: NodeState
}

/**
 * The states of the nodes of a generation: a bounded cache over the table `node`, ahead of it by the batches that are
 * being saved. True as long as the fence holds, since nobody else writes there then.
 */
export class States {
  readonly #pool: pg.Pool
  readonly #load: { readonly name: string; readonly text: string }
  /** What a node's row says, or is about to; null: there is none. */
  readonly #kept = new NodeMap<NodeState | null>()
  readonly #unsaved = new Set<Changes>()

  constructor(pool: pg.Pool, schema: string) {
    this.#pool = pool
    this.#load = {
      name: `${schema}.load`,
      text: `select n.kind, n.key, n.state from unnest($1::text[], $2::text[]) r (kind, key) join ${schema}.node n using (kind, key)`,
    }
  }

  /** Loads what the fold of these records will read, round by round. */
  async load(records: readonly Recorded<FunnelEvent>[]): Promise<void> {
    const kept = this.#kept
    for (let next = missing(kept, records); next.refs.length; next = missing(kept, next.records)) {
      const { refs } = next
      for (const ref of refs) kept.set(ref, null)
      const { rows } = await this.#pool.query<NodeRef & { state: NodeState }>({
        ...this.#load,
        values: [refs.map(({ kind }) => kind), refs.map(({ key }) => key)],
      })
      for (const row of rows) kept.set(row, row.state)
    }
  }

  /** The states as of now, to be changed by one batch. */
  change(): Changes {
    const kept = this.#kept
    const all = new NodeMap<Changed>()
    return {
      all,
      get: (ref) => all.get(ref)?.node ?? kept.get(ref) ?? undefined,
      set: (ref, node) => all.set(ref, { ref, node }),
    }
  }

  /** Takes in what a batch has changed; it stays here at least until it is saved. */
  keep(changes: Changes): void {
    this.#unsaved.add(changes)
    for (const { ref, node } of changes.all.values()) this.#kept.set(ref, node)
    if (this.#kept.size <= MOST_KEPT) return
    this.#kept.halve()
    for (const { all } of this.#unsaved) for (const { ref, node } of all.values()) this.#kept.set(ref, node)
  }

  saved(changes: Changes): void {
    this.#unsaved.delete(changes)
  }
}
