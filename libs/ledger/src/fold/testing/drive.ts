import { nothingApplied, versionsOf, withRecords, type Definitions, type Versions } from '@funnel/definitions'
import { canonicalJson, isFuture, occurredAt, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { difference, type Entry } from '../../line.js'
import { contributions } from '../../oracle/contributions.js'
import type { FactParts } from '../fact.js'
import { fold, type Parked } from '../fold.js'
import { missing } from '../missing.js'
import { changesRow, nodeOf, rowOf, type NodeRow } from '../node-row.js'
import { NodeMap, type FoldState, type NodeRef, type NodeState } from '../state.js'

type Log = readonly Recorded<FunnelEvent>[]

/** A node in one text. */
export const nodeId = ({ kind, key }: NodeRef): string => `${kind}:${key}`

export interface Driven {
  readonly entries: Entry[]
  /** States as JSON by `nodeId`. */
  readonly saved: Map<string, string>
  readonly parked: Parked[]
  /** Those in force, as of the end. */
  readonly versions: Versions
}

/**
 * Folds batches as a projector does: states lie in a store as JSON, their facts apart where `rowOf` leaves them out, and each
 * batch sees only what `missing` named. Reading a node that was not named throws, and a state that comes back as another one
 * does. Where `crashes` says so a batch is folded and lost before its commit, and folded again
 * from the store. `base` is what the definitions are where the log says nothing.
 */
export function drive(batches: readonly Log[], base: Definitions, crashes: readonly boolean[] = []): Driven {
  const saved = new Map<string, string>()
  const rows = new Map<string, NodeRow>()
  const facts = new Map<string, FactParts[]>()
  const entries: Entry[] = []
  const parked: Parked[] = []
  let history = nothingApplied
  for (const [i, batch] of batches.entries())
    for (const lost of crashes[i] ? [true, false] : [false]) {
      const { state, loaded, changed } = loadedFor(batch, saved)
      const historyAfter = withRecords(history, batch)
      const folded = fold(state, batch, versionsOf(base, historyAfter))
      if (lost) continue
      history = historyAfter
      for (const record of batch) facts.set(record.stream, [partsOf(record), ...(facts.get(record.stream) ?? [])])
      for (const { ref, node } of changed.values()) {
        const id = nodeId(ref)
        if (changesRow(loaded.get(ref), node)) rows.set(id, copyOf(rowOf(node)))
        const back = nodeOf(rows.get(id)!, facts.get(`${ref.kind}-${ref.key}`) ?? [])
        if (canonicalJson(back) !== canonicalJson(node)) throw new Error(`${id} comes back as ${JSON.stringify(back)}`)
        saved.set(id, JSON.stringify(back))
      }
      entries.push(...folded.entries)
      parked.push(...folded.parked)
    }
  return { entries, saved, parked, versions: versionsOf(base, history) }
}

/** What is saved of a fact, as it comes back. */
function partsOf(record: Recorded<FunnelEvent>): FactParts {
  const { id, type, sequence = null, data } = record.event
  return copyOf({
    id,
    type,
    at: occurredAt(record),
    recorded: record.recorded,
    sequence,
    future: isFuture(record),
    data,
  })
}

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** What the fold of a batch may read, and what it then changes. */
function loadedFor(batch: Log, saved: ReadonlyMap<string, string>) {
  const loaded = new NodeMap<NodeState | null>()
  for (let next = missing(loaded, batch); next.refs.length; next = missing(loaded, next.records))
    for (const ref of next.refs) {
      const json = saved.get(nodeId(ref))
      loaded.set(ref, json === undefined ? null : (JSON.parse(json) as NodeState))
    }
  const changed = new NodeMap<{ readonly ref: NodeRef; readonly node: NodeState }>()
  const state: FoldState = {
    get: (ref) => {
      const node = changed.get(ref)?.node ?? loaded.get(ref)
      if (node === undefined) throw new NotLoaded(nodeId(ref))
      return node ?? undefined
    },
    set: (ref, node) => {
      if (loaded.get(ref) === undefined) throw new NotLoaded(nodeId(ref))
      changed.set(ref, { ref, node })
    },
  }
  return { state, loaded, changed }
}

/** The fold looked at a node that `missing` did not name. */
class NotLoaded extends Error {
  constructor(id: string) {
    super(`${id} was not loaded`)
  }
}

/** The log in batches of these sizes, over and over. */
export function cut<T>(records: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = []
  for (let at = 0, i = 0; at < records.length; at += sizes[i % sizes.length]!, i++)
    batches.push(records.slice(at, at + sizes[i % sizes.length]!))
  return batches
}

/** The first instant at which the entries do not tell what the log cut there adds up to. */
export function firstWrongInstant(log: Log, entries: readonly Entry[], base: Definitions): Instant | undefined {
  const upTo = <T extends { readonly recorded: Instant }>(list: readonly T[], instant: Instant) =>
    list.filter(({ recorded }) => recorded <= instant)
  return [...new Set(log.map(({ recorded }) => recorded))].find(
    (instant) => difference(upTo(entries, instant), contributions(upTo(log, instant), base)).length > 0,
  )
}
