import { canonicalJson, FunnelError, occurredAt, topics, type FunnelEvent, type Recorded } from '@funnel/events'
import { dimsId, type DealRow, type Entry, type LeadRow } from '@funnel/ledger'

const iso = (instant: number | undefined): string | null =>
  instant === undefined ? null : new Date(instant).toISOString()

/** An entry as a row of the table `entry`. */
export const entryRow = (entry: Entry, dims: bigint) => ({
  topic: topics[entry.cause.topic].id,
  partition: entry.cause.partition,
  position: entry.cause.position,
  ordinal: entry.ordinal,
  measure: entry.measure,
  amount: entry.amount,
  currency: entry.currency ?? null,
  occurred_at: iso(entry.occurred),
  recorded_at: iso(entry.recorded),
  cohort_at: iso(entry.cohort),
  elapsed_s: entry.elapsed ?? null,
  subject_kind: entry.subject.kind,
  subject: entry.subject.id,
  stage: entry.stage ?? null,
  channel: entry.dims['channel'] ?? null,
  owner: entry.dims['owner'] ?? null,
  dims: String(dims),
})

/** Ids of dimension sets, each made once. Throws INTERNAL when two of them have one id: they would be mixed up. */
export function dimsIds(): { idOf(dims: Entry['dims']): bigint; readonly sets: ReadonlyMap<bigint, Entry['dims']> } {
  const sets = new Map<bigint, Entry['dims']>()
  const byContent = new Map<string, bigint>()
  return {
    sets,
    idOf(dims) {
      const content = JSON.stringify(dims)
      let id = byContent.get(content)
      if (id === undefined) {
        id = dimsId(dims)
        const known = sets.get(id)
        if (known && canonicalJson(known) !== canonicalJson(dims)) throw dimsClash(id)
        byContent.set(content, id)
        sets.set(id, dims)
      }
      return id
    },
  }
}

/** Two sets of dimension values with one id: numbers would be mixed up, so nothing more is folded. */
export const dimsClash = (id: bigint): FunnelError =>
  new FunnelError('INTERNAL', `two sets of dimension values have the id ${id}`, { id: String(id) })

/** A record as a row of the table `fact`. */
export const factRow = (record: Recorded<FunnelEvent>) => ({
  topic: topics[record.topic].id,
  partition: record.partition,
  position: record.position,
  id: record.event.id,
  type: record.event.type,
  stream: record.stream,
  version: record.version,
  source: record.event.source,
  occurred_at: iso(occurredAt(record)),
  recorded_at: iso(record.recorded),
  data: record.event.data,
})

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
