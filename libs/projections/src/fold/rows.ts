import { canonicalJson, FunnelError, occurredAt, topics, type FunnelEvent, type Recorded } from '@funnel/events'
import {
  dimsId,
  type ClockRow,
  type DealRow,
  type Entry,
  type LeadRow,
  type NodeRef,
  type NodeState,
} from '@funnel/ledger'
import type { Column } from './columns.js'

const iso = (instant: number | undefined): string | null =>
  instant === undefined ? null : new Date(instant).toISOString()

/** The table `entry`; sets of dimension values that are new to `dims` are fresh there once the rows are made. */
export const entryColumns = (dims: DimsIds): readonly Column<Entry>[] => [
  { name: 'topic', type: 'smallint', of: ({ cause }) => topics[cause.topic].id },
  { name: 'partition', type: 'smallint', of: ({ cause }) => cause.partition },
  { name: 'position', type: 'bigint', of: ({ cause }) => cause.position },
  { name: 'ordinal', type: 'int', of: ({ ordinal }) => ordinal },
  { name: 'measure', type: 'text', of: ({ measure }) => measure },
  { name: 'amount', type: 'bigint', of: ({ amount }) => amount },
  { name: 'currency', type: 'text', of: ({ currency }) => currency },
  { name: 'occurred_at', type: 'timestamptz', of: ({ occurred }) => occurred },
  { name: 'recorded_at', type: 'timestamptz', of: ({ recorded }) => recorded },
  { name: 'cohort_at', type: 'timestamptz', of: ({ cohort }) => cohort },
  { name: 'elapsed_s', type: 'bigint', of: ({ elapsed }) => elapsed },
  { name: 'subject_kind', type: 'text', of: ({ subject }) => subject.kind },
  { name: 'subject', type: 'text', of: ({ subject }) => subject.id },
  { name: 'stage', type: 'text', of: ({ stage }) => stage },
  { name: 'dims', type: 'bigint', of: (entry) => dims.idOf(entry.dims) },
]

/** Gives dimension sets their ids. */
export interface DimsIds {
  /** The id of a set; of equal sets the same one. Throws INTERNAL when another set has it: they would be mixed up. */
  idOf(dims: Entry['dims']): bigint
  /** The sets that were met for the first time since this was asked before, by id. */
  fresh(): ReadonlyMap<bigint, Entry['dims']>
}

/** Sets known by their ids, at most; then they are met for the first time again. */
const KNOWN_SETS = 50_000

/** Ids of dimension sets, each made once. */
export function dimsIds(): DimsIds {
  let sets = new Map<bigint, Entry['dims']>()
  let fresh = new Map<bigint, Entry['dims']>()
  let byContent = new Map<string, bigint>()
  let last: { readonly dims: Entry['dims']; readonly id: bigint } | undefined
  return {
    idOf(dims) {
      // entries of one subject share a set, and lie side by side
      if (dims === last?.dims) return last.id
      const content = JSON.stringify(dims)
      let id = byContent.get(content)
      if (id === undefined) {
        id = dimsId(dims)
        const known = sets.get(id)
        if (known && canonicalJson(known) !== canonicalJson(dims)) throw dimsClash(id)
        byContent.set(content, id)
        if (!known) fresh.set(id, dims)
        sets.set(id, dims)
      }
      last = { dims, id }
      return id
    },
    fresh() {
      const met = fresh
      fresh = new Map()
      if (byContent.size > KNOWN_SETS) {
        sets = new Map()
        byContent = new Map()
      }
      return met
    },
  }
}

/** Two sets of dimension values with one id: numbers would be mixed up, so nothing more is folded. */
export const dimsClash = (id: bigint): FunnelError =>
  new FunnelError('INTERNAL', `two sets of dimension values have the id ${id}`, { id: String(id) })

/** The table `fact`. */
export const factColumns: readonly Column<Recorded<FunnelEvent>>[] = [
  { name: 'topic', type: 'smallint', of: ({ topic }) => topics[topic].id },
  { name: 'partition', type: 'smallint', of: ({ partition }) => partition },
  { name: 'position', type: 'bigint', of: ({ position }) => position },
  { name: 'id', type: 'uuid', of: ({ event }) => event.id },
  { name: 'type', type: 'text', of: ({ event }) => event.type },
  { name: 'stream', type: 'text', of: ({ stream }) => stream },
  { name: 'version', type: 'int', of: ({ version }) => version },
  { name: 'source', type: 'text', of: ({ event }) => event.source },
  { name: 'occurred_at', type: 'timestamptz', of: occurredAt },
  { name: 'recorded_at', type: 'timestamptz', of: ({ recorded }) => recorded },
  { name: 'data', type: 'json', of: ({ event }) => JSON.stringify(event.data) },
]

/** The table `node`. */
export const nodeColumns: readonly Column<{ readonly ref: NodeRef; readonly node: NodeState }>[] = [
  { name: 'kind', type: 'text', of: ({ ref }) => ref.kind },
  { name: 'key', type: 'text', of: ({ ref }) => ref.key },
  { name: 'state', type: 'json', of: ({ node }) => JSON.stringify(node) },
]

/** A lead as a row of the table `lead`. */
export const leadTableRow = (row: LeadRow): object => ({
  lead: row.lead,
  person: row.person ?? null,
  stage: row.stage ?? null,
  owner: row.owner ?? null,
  channel: row.channel ?? null,
  captured_at: iso(row.capturedAt),
  stage_at: iso(row.stageAt),
  properties: row.properties,
  flags: row.flags,
})

/** A deal as a row of the table `deal`. */
export const dealTableRow = (row: DealRow): object => ({
  deal: row.deal,
  lead: row.lead ?? null,
  person: row.person ?? null,
  account: row.account ?? null,
  stage: row.stage ?? null,
  outcome: row.outcome,
  amount: row.amount ?? null,
  currency: row.currency ?? null,
  owner: row.owner ?? null,
  opened_at: iso(row.openedAt),
  closed_at: iso(row.closedAt),
  properties: row.properties,
  flags: row.flags,
})

/** A clock as a row of the table `clock`. */
export const clockTableRow = (row: ClockRow): object => ({
  key: row.key,
  clock: row.clock,
  policy: row.policy,
  policy_version: row.policyVersion,
  party: row.party,
  subject: row.subject,
  lead: row.lead ?? null,
  owner: row.owner ?? null,
  team: row.team ?? null,
  state: row.state,
  started_at: iso(row.started),
  due_at: iso(row.due),
  left_s: row.left ?? null,
  missed: row.missed,
  ended_at: iso(row.ended),
  parent: row.parent ?? null,
})
