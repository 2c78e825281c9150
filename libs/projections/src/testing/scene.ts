import type pg from 'pg'
import { loadDefinitions } from '@funnel/definitions'
import {
  advance,
  topicById,
  type Envelope,
  type FunnelEvent,
  type Head,
  type Positions,
  type Recorded,
} from '@funnel/events'
import type { Batch, EventTail } from '@funnel/event-log'
import { lineKey, type Entry, type Line } from '@funnel/ledger'
import { record } from '@funnel/ledger/testing'
import type { Generation } from '../generation/generation.js'

export const definitions = loadDefinitions()
export const epoch = '00000000-0000-4000-8000-000000000000'

/** Records as batches of the given sizes, in turn; the watermark of each is just below the next record. */
export function batches(records: readonly Recorded[], sizes: readonly number[] = [records.length || 1]): Batch[] {
  const result: Batch[] = []
  let positions: Positions = {}
  for (let at = 0, i = 0; at < records.length; i++) {
    const events = records.slice(at, (at += sizes[i % sizes.length]!))
    positions = advance(positions, events)
    const last = events.at(-1)!.recorded
    result.push({ events, positions, w: records[at]?.recorded === last ? last - 1 : last })
  }
  return result
}

/** A tail over records that somebody made. */
export function tailOf(records: () => readonly Recorded<FunnelEvent>[]): EventTail {
  return {
    read: async (after, upTo, limit) =>
      records()
        .filter(
          ({ topic, partition, position }) =>
            position > (after[topic]?.[partition] ?? 0) && position <= (upTo[topic]?.[partition] ?? 0),
        )
        .slice(0, limit),
    heads: async (): Promise<Head> => ({
      w: (records().at(-1)?.recorded ?? 1) - 1, // more of the same instant may come
      positions: advance({}, records()),
      epoch,
    }),
  }
}

interface EntryRow {
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly ordinal: number
  readonly measure: string
  readonly amount: number
  readonly currency: string | null
  readonly occurred: number
  readonly recorded: number
  readonly cohort: number | null
  readonly elapsed: number | null
  readonly kind: Line['subject']['kind']
  readonly subject: string
  readonly stage: string | null
  readonly dims: Record<string, string>
}

/** The entries of a generation as the ledger made them. */
export async function entriesOf(pool: pg.Pool, { schema }: Generation): Promise<Entry[]> {
  const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`
  const { rows } = await pool.query<EntryRow>(
    `select e.topic, e.partition, e.position, e.ordinal, e.measure, e.amount, e.currency, ${ms('occurred_at')} occurred, ${ms('recorded_at')} recorded,
       ${ms('cohort_at')} cohort, e.elapsed_s elapsed, e.subject_kind kind, e.subject, e.stage, d.values dims
     from ${schema}.entry e join ${schema}.dims d on d.id = e.dims order by recorded_at, topic, partition, position, ordinal`,
  )
  return rows.map((row) => ({
    cause: { topic: topicById(row.topic), partition: row.partition, position: row.position },
    ordinal: row.ordinal,
    recorded: row.recorded,
    measure: row.measure as Line['measure'],
    amount: row.amount,
    ...(row.currency === null ? {} : { currency: row.currency }),
    occurred: row.occurred,
    ...(row.cohort === null ? {} : { cohort: row.cohort }),
    ...(row.elapsed === null ? {} : { elapsed: row.elapsed }),
    subject: { kind: row.kind, id: row.subject },
    ...(row.stage === null ? {} : { stage: row.stage }),
    dims: row.dims,
  }))
}

/** A line for a failed test’s message. */
export const shown = (line: Line): string => `${lineKey(line)} = ${line.amount}`

/** Records as a store would make them of events in this order. */
export const recordAll = (events: readonly Envelope[]): Recorded<FunnelEvent>[] =>
  record(
    events.map((event) => ({
      type: event.type as FunnelEvent['type'],
      data: event.data as Record<string, unknown>,
      at: Date.parse(event.time),
    })),
    [0, 1, 0, 3],
  )
