import type pg from 'pg'
import {
  advance,
  covers,
  FunnelError,
  positionOf,
  topics,
  upcastRecord,
  type FunnelEvent,
  type Instant,
  type Positions,
  type Recorded,
} from '@funnel/events'
import type { Batch } from '@funnel/event-log'
import { fold, missing, nodeId, type FoldState, type NodeRef, type NodeState } from '@funnel/ledger'
import { inTransaction, type Generation } from '../generation/generation.js'
import { save } from './save.js'

/** What one batch came to. */
export interface Applied {
  readonly events: number
  readonly entries: number
  readonly parked: number
}

/** Folds batches into one generation. Make a new one after any failure. */
export interface Folder {
  /** The generation as of the last batch. */
  readonly generation: Generation
  /**
   * Folds a batch in one transaction: the fence and the checkpoint, facts, entries, states, lists; all or nothing. Events
   * at or before the checkpoint are left out, so a repeat changes nothing. Throws FENCED when somebody else folds this
   * generation or it was replaced, LOG_GAP when a position is missing, INTERNAL when an event comes out of order.
   */
  apply(batch: Batch): Promise<Applied>
}

/** States kept in memory between batches, at most. */
const CACHE_SIZE = 100_000

/** A folder that goes on from `generation`. */
export function createFolder(pool: pg.Pool, generation: Generation): Folder {
  let current = generation
  // What a node's row says; null: there is none. True as long as the fence holds: nobody else writes here.
  let cache = new Map<string, NodeState | null>()

  return {
    get generation() {
      return current
    },
    async apply(batch) {
      const records = unfolded(batch.events, current.positions).map(upcastRecord)
      const place = advance(current.positions, records)
      assertReached(place, batch)
      assertInOrder(records, current.w)
      const changes = new Map<string, NodeState>()
      const state: FoldState = {
        get: (ref) => changes.get(nodeId(ref)) ?? cache.get(nodeId(ref)) ?? undefined,
        set: (ref, node) => changes.set(nodeId(ref), node),
      }
      const applied = await inTransaction(pool, async (client) => {
        await fence(client, current, { w: batch.w, place, events: records.length })
        await load(client, current.schema, state, cache, records)
        const folded = fold(state, records, current.definitions)
        await save(client, current, records, folded, state)
        if (folded.parked.length)
          await client.query(
            `update read.generation set parked = (select count(*) from ${current.schema}.parked) where id = $1`,
            [current.id],
          )
        return { events: records.length, entries: folded.entries.length, parked: folded.parked.length }
      })
      for (const [id, node] of changes) cache.set(id, node)
      if (cache.size > CACHE_SIZE) cache = new Map([...cache].slice(-CACHE_SIZE / 2))
      current = {
        ...current,
        fold: current.fold + 1,
        w: Math.max(current.w ?? batch.w, batch.w),
        positions: place,
        parked: current.parked + applied.parked,
      }
      return applied
    },
  }
}

/** Moves the fence and saves the place, first: a second folder waits here and then finds that it is late. */
async function fence(
  client: pg.ClientBase,
  generation: Generation,
  { w, place, events }: { w: Instant; place: Positions; events: number },
): Promise<void> {
  const { rowCount } = await client.query({
    name: 'fence',
    text: `update read.generation set fold = fold + 1, w = greatest(w, $3::timestamptz), positions = $4, events_done = events_done + $5
           where id = $1 and fold = $2 and state <> 'retired'`,
    values: [generation.id, generation.fold, new Date(w), JSON.stringify(place), events],
  })
  if (!rowCount)
    throw new FunnelError('FENCED', `generation ${generation.id} is folded by another process, or was replaced`, {
      generation: generation.id,
    })
}

/** Loads what the fold will read, round by round, into the cache. */
async function load(
  client: pg.ClientBase,
  schema: string,
  state: FoldState,
  cache: Map<string, NodeState | null>,
  records: readonly Recorded<FunnelEvent>[],
): Promise<void> {
  for (let refs = missing(state, cache, records); refs.length; refs = missing(state, cache, records)) {
    for (const ref of refs) cache.set(nodeId(ref), null)
    const { rows } = await client.query<NodeRef & { state: NodeState }>({
      name: `${schema}.load`,
      text: `select n.kind, n.key, n.state from unnest($1::text[], $2::text[]) r (kind, key) join ${schema}.node n using (kind, key)`,
      values: [refs.map(({ kind }) => kind), refs.map(({ key }) => key)],
    })
    for (const row of rows) cache.set(nodeId(row), row.state)
  }
}

/** The events after a place. Throws LOG_GAP when one is missing between them. */
function unfolded(events: readonly Recorded[], place: Positions): Recorded[] {
  const last = new Map<string, number>()
  return events.filter(({ topic, partition, position }) => {
    const key = `${topic}/${partition}`
    const before = last.get(key) ?? positionOf(place, topic, partition)
    if (position <= before) return false
    if (position !== before + 1)
      throw new FunnelError(
        'LOG_GAP',
        `${topics[topic].name} partition ${partition} goes on at ${position} after ${before}`,
        {
          topic,
          partition,
          position,
          before,
        },
      )
    last.set(key, position)
    return true
  })
}

/**
 * Throws INTERNAL when an event was recorded at or before what is folded already: entries would say that it became known
 * later than it did.
 */
function assertInOrder(records: readonly Recorded[], w: Instant | null): void {
  const late = records.find(({ recorded }) => w !== null && recorded <= w)
  if (late)
    throw new FunnelError(
      'INTERNAL',
      'the log brought an event after its watermark had passed it; nothing of it was saved',
      {
        topic: late.topic,
        partition: late.partition,
        position: late.position,
        w,
      },
    )
}

/** Throws LOG_GAP when a batch ends further on than its events lead: to save its place would lose what lies between. */
function assertReached(place: Positions, { positions }: Batch): void {
  if (!covers(place, positions))
    throw new FunnelError('LOG_GAP', 'a batch of the log ends beyond the last of its events', { place, positions })
}
