import { canonicalJson, FunnelError, topics } from '@funnel/events'
import {
  dimsId,
  rowOf,
  type ClockRow,
  type DealRow,
  type Entry,
  type LeadRow,
  type NodeRef,
  type NodeState,
  type FactRecord,
} from '@funnel/ledger'
import type { Column } from './columns.js'

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
export const factColumns: readonly Column<Required<FactRecord>>[] = [
  { name: 'topic', type: 'smallint', of: ({ topic }) => topics[topic].id },
  { name: 'partition', type: 'smallint', of: ({ partition }) => partition },
  { name: 'position', type: 'bigint', of: ({ position }) => position },
  { name: 'id', type: 'uuid', of: ({ event }) => event.id },
  { name: 'type', type: 'text', of: ({ event }) => event.type },
  { name: 'stream', type: 'text', of: ({ stream }) => stream },
  { name: 'version', type: 'int', of: ({ version }) => version },
  { name: 'source', type: 'text', of: ({ event }) => event.source },
  { name: 'occurred_at', type: 'timestamptz', of: ({ fact }) => fact.at },
  { name: 'recorded_at', type: 'timestamptz', of: ({ recorded }) => recorded },
  { name: 'data', type: 'json', of: ({ event }) => JSON.stringify(event.data) },
  { name: 'sequence', type: 'bigint', of: ({ event }) => event.sequence },
  { name: 'future', type: 'boolean', of: ({ fact }) => fact.future ?? false },
]

/** The table `node`. */
export const nodeColumns: readonly Column<{ readonly ref: NodeRef; readonly node: NodeState }>[] = [
  { name: 'kind', type: 'text', of: ({ ref }) => ref.kind },
  { name: 'key', type: 'text', of: ({ ref }) => ref.key },
  { name: 'state', type: 'json', of: ({ node }) => JSON.stringify(rowOf(node)) },
]

/** Of the names of what stands out: as one text, since an array of arrays cannot be taken apart by rows. */
const flags: Column<{ readonly flags: readonly string[] }> = {
  name: 'flags',
  type: 'text',
  of: (row) => row.flags.join(' '),
  sql: `string_to_array(flags, ' ')`,
}
const properties: Column<{ readonly properties: object }> = {
  name: 'properties',
  type: 'jsonb',
  of: (row) => JSON.stringify(row.properties),
}

/** The table `lead`. */
export const leadColumns: readonly Column<LeadRow>[] = [
  { name: 'lead', type: 'text', of: ({ lead }) => lead },
  { name: 'person', type: 'text', of: ({ person }) => person },
  { name: 'stage', type: 'text', of: ({ stage }) => stage },
  { name: 'owner', type: 'text', of: ({ owner }) => owner },
  { name: 'channel', type: 'text', of: ({ channel }) => channel },
  { name: 'captured_at', type: 'timestamptz', of: ({ capturedAt }) => capturedAt },
  { name: 'stage_at', type: 'timestamptz', of: ({ stageAt }) => stageAt },
  properties,
  flags,
]

/** The table `deal`. */
export const dealColumns: readonly Column<DealRow>[] = [
  { name: 'deal', type: 'text', of: ({ deal }) => deal },
  { name: 'lead', type: 'text', of: ({ lead }) => lead },
  { name: 'person', type: 'text', of: ({ person }) => person },
  { name: 'account', type: 'text', of: ({ account }) => account },
  { name: 'stage', type: 'text', of: ({ stage }) => stage },
  { name: 'outcome', type: 'text', of: ({ outcome }) => outcome },
  { name: 'amount', type: 'bigint', of: ({ amount }) => amount },
  { name: 'currency', type: 'text', of: ({ currency }) => currency },
  { name: 'owner', type: 'text', of: ({ owner }) => owner },
  { name: 'opened_at', type: 'timestamptz', of: ({ openedAt }) => openedAt },
  { name: 'closed_at', type: 'timestamptz', of: ({ closedAt }) => closedAt },
  properties,
  flags,
]

/** The table `clock`. */
export const clockColumns: readonly Column<ClockRow>[] = [
  { name: 'key', type: 'text', of: ({ key }) => key },
  { name: 'clock', type: 'text', of: ({ clock }) => clock },
  { name: 'policy', type: 'text', of: ({ policy }) => policy },
  { name: 'policy_version', type: 'int', of: ({ policyVersion }) => policyVersion },
  { name: 'party', type: 'text', of: ({ party }) => party },
  { name: 'subject', type: 'text', of: ({ subject }) => subject },
  { name: 'lead', type: 'text', of: ({ lead }) => lead },
  { name: 'owner', type: 'text', of: ({ owner }) => owner },
  { name: 'team', type: 'text', of: ({ team }) => team },
  { name: 'state', type: 'text', of: ({ state }) => state },
  { name: 'started_at', type: 'timestamptz', of: ({ started }) => started },
  { name: 'due_at', type: 'timestamptz', of: ({ due }) => due },
  { name: 'left_s', type: 'float8', of: ({ left }) => left },
  { name: 'missed', type: 'boolean', of: ({ missed }) => missed },
  { name: 'ended_at', type: 'timestamptz', of: ({ ended }) => ended },
  { name: 'parent', type: 'text', of: ({ parent }) => parent },
]
