import { topicById, topicNames, type Instant, type Positions } from '@funnel/events'
import { millis, schemaOf } from '@funnel/ledger'
import type { Patience } from '@funnel/platform/grpc'
import {
  GenerationState,
  type Generation,
  type GetStatusResponse,
  type ParkedSubject,
  type Position,
} from '@funnel/query-api'
import { GenerationDropped, type ReadDatabase } from '../read/database.js'

interface GenerationRow {
  readonly id: number
  readonly state: 'building' | 'live' | 'retired'
  readonly definitionsHash: string
  readonly epoch: string | null
  readonly fold: number
  readonly w: Instant | null
  readonly positions: Positions | null
  readonly parked: number
  readonly done: number | null
  readonly total: number | null
  readonly createdAt: Instant
  readonly switchedAt: Instant | null
  readonly now: Instant
}

const generations = {
  name: 'generations',
  text: `select id, state, definitions_hash "definitionsHash", epoch, fold, ${millis('w')} w, positions, parked, events_done done, events_total total,
  ${millis('created_at')} "createdAt", ${millis('switched_at')} "switchedAt", ${millis('clock_timestamp()')} now
from read.generation order by id desc`,
  values: [],
}

const states = {
  building: GenerationState.GENERATION_STATE_BUILDING,
  live: GenerationState.GENERATION_STATE_LIVE,
  retired: GenerationState.GENERATION_STATE_RETIRED,
} as const

/** The generations there are and what the live one has parked. Before the first projector there are none. */
export async function statusOf(
  database: ReadDatabase,
  patience: Patience,
): Promise<Omit<GetStatusResponse, 'workspace'>> {
  const rows = await orNone(database.rows<GenerationRow>(generations, patience))
  const live = rows.find(({ state }) => state === 'live')
  return {
    now: new Date(rows[0]?.now ?? Date.now()),
    live: live && toGeneration(live),
    others: rows.filter((row) => row !== live).map(toGeneration),
    parked: live?.parked ? await parkedOf(database, live.id, patience) : [],
  }
}

const toGeneration = (row: GenerationRow): Generation => ({
  id: row.id,
  state: states[row.state],
  watermark: row.w === null ? undefined : new Date(row.w),
  fold: row.fold,
  positions: toPositions(row.positions ?? {}),
  definitionsHash: row.definitionsHash,
  epoch: row.epoch ?? '',
  parked: row.parked,
  eventsDone: row.done ?? 0,
  eventsTotal: row.total ?? 0,
  createdAt: new Date(row.createdAt),
  switchedAt: row.switchedAt === null ? undefined : new Date(row.switchedAt),
})

const toPositions = (positions: Positions): Position[] =>
  topicNames.flatMap((topic) =>
    (positions[topic] ?? []).flatMap((position, partition) => (position ? [{ topic, partition, position }] : [])),
  )

interface ParkedRow {
  readonly kind: string
  readonly key: string
  readonly reason: string
  readonly topic: number
  readonly partition: number
  readonly position: number
  readonly since: Instant
}

async function parkedOf(database: ReadDatabase, generation: number, patience: Patience): Promise<ParkedSubject[]> {
  const rows = await orNone(
    database.rows<ParkedRow>(
      {
        name: `g${generation}_parked`,
        text: `select kind, key, reason, topic, partition, position, ${millis('since')} since from ${schemaOf(generation)}.parked order by kind, key limit 100`,
        values: [],
      },
      patience,
    ),
  )
  return rows.map(({ kind, key, reason, topic, partition, position, since }) => ({
    kind,
    key,
    reason,
    position: { topic: topicById(topic), partition, position },
    since: new Date(since),
  }))
}

async function orNone<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  try {
    return await rows
  } catch (error) {
    if (error instanceof GenerationDropped) return []
    throw error
  }
}
