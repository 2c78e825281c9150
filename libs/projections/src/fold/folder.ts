import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'
import {
  advance,
  covers,
  FunnelError,
  positionOf,
  topics,
  upcastRecord,
  type Instant,
  type Positions,
  type Recorded,
  type Topic,
} from '@funnel/events'
import { versionsOf, withRecords, type AppliedHistory, type Versions } from '@funnel/definitions'
import type { Batch } from '@funnel/event-log'
import { factRecord, fold, type Entry, type Folded, type Parked, type FactRecord } from '@funnel/ledger'
import { foldedHistory } from '../generation/applied.js'
import { allEnded, BEGIN, inTransaction, type Generation } from '../generation/generation.js'
import { dimsIds } from './rows.js'
import { States, type Changes } from './states.js'
import { send, writesOf, type Statement, type Write } from './writes.js'

/** What one batch came to. */
export interface Applied {
  /** The generation once it was saved. */
  readonly generation: Generation
  readonly events: number
  readonly entries: readonly Entry[]
  readonly parked: number
}

/** Folds batches into one generation. Make a new one after any failure: this one then refuses everything. */
export interface Folder {
  /** The generation as of the last batch that was saved. */
  readonly generation: Generation
  /**
   * Folds a batch and saves it in one transaction: the fence and the checkpoint, facts, entries, states, lists; all or
   * nothing. Batches are taken in the order of the calls; while one is being saved the next is folded already, so call
   * again before this resolves. Events at or before the checkpoint are left out, so a repeat changes nothing. Throws
   * FENCED when somebody else folds this generation or it was replaced, LOG_GAP when a position is missing, INTERNAL when
   * an event comes out of order.
   */
  apply(batch: Batch): Promise<Applied>
}

/** A batch folded in memory, ready to be saved. */
interface Prepared {
  readonly applied: Applied
  readonly changes: Changes
  readonly writes: readonly Write[]
}

/**
 * Whoever is frozen while it saves holds the fence, and nobody else could fold: the server ends its transaction when it
 * says nothing for ten seconds, or, stopped in the middle of a statement, within a minute.
 */
const BEGIN_FOLD = `${BEGIN}; set local idle_in_transaction_session_timeout = '10s'; set local transaction_timeout = '60s'`

/** A folder that goes on from `generation`, and keeps the states of about so many nodes in memory. */
export function createFolder(pool: pg.Pool, generation: Generation, kept = 100_000): Folder {
  const states = new States(pool, generation.schema, kept)
  const dims = dimsIds()
  let saved = generation
  let folded = generation
  let history: AppliedHistory | undefined
  let versions: Versions
  let preparing: Promise<unknown> = Promise.resolve()
  let saving: Promise<unknown> = Promise.resolve()

  const prepare = async (batch: Batch): Promise<Prepared> => {
    const before = folded
    const records = unfolded(batch.events, before.positions).map((record) => factRecord(upcastRecord(record)))
    const place = advance(before.positions, records)
    assertReached(place, batch)
    assertInOrder(records, before.w)
    const historyAfter = withRecords(history ?? (await foldedHistory(pool, before)), records)
    if (historyAfter !== history) versions = versionsOf(before.definitions, historyAfter)
    history = historyAfter
    await states.load(records)
    const changes = states.change()
    const result = await foldInTurns(changes, records, versions)
    const parked = result.parked.length
    const after = {
      ...before,
      fold: before.fold + 1,
      w: Math.max(before.w ?? batch.w, batch.w),
      positions: place,
      parked: before.parked + parked,
    }
    const writes: Write[] = [fence(before, { w: batch.w, place, events: records.length })]
    for (const write of writesOf(before, records, result, changes, versions, dims)) {
      writes.push(write)
      await turn()
    }
    states.keep(changes)
    folded = after
    return { writes, changes, applied: { generation: after, events: records.length, entries: result.entries, parked } }
  }

  const save = async ({ writes, changes, applied }: Prepared): Promise<Applied> => {
    await inTransaction(pool, (client) => send(client, writes), BEGIN_FOLD)
    saved = applied.generation
    states.saved(changes)
    return applied
  }

  return {
    get generation() {
      return saved
    },
    apply(batch) {
      // each waits for the one before, and fails with it: its place would not follow
      const prepared = preparing.then(() => prepare(batch))
      preparing = prepared
      const applied = allEnded([saving, prepared]).then(async () => save(await prepared))
      saving = applied
      return applied
    },
  }
}

/** How many events are folded at a stretch: some milliseconds, for which whatever else the process does waits. */
const STRETCH = 250

/** As `fold`, letting others have their turn: the batch that is being saved first of all. */
async function foldInTurns(changes: Changes, records: readonly FactRecord[], versions: Versions): Promise<Folded> {
  const entries: Entry[] = []
  const parked: Parked[] = []
  for (let at = 0; at < records.length; at += STRETCH) {
    const part = fold(changes, records.slice(at, at + STRETCH), versions)
    for (const entry of part.entries) entries.push(entry)
    parked.push(...part.parked)
    await turn()
  }
  return { entries, parked }
}

/** Moves the fence and saves the place, first: a second folder waits here and then finds that it is late. */
const fence = (
  { id, fold }: Generation,
  { w, place, events }: { w: Instant; place: Positions; events: number },
): Statement => ({
  name: 'fence',
  text: `update read.generation set fold = fold + 1, w = greatest(w, $3::timestamptz), positions = $4, events_done = events_done + $5
         where id = $1 and fold = $2 and state <> 'retired'`,
  values: [id, fold, new Date(w), JSON.stringify(place), events],
  check: ({ rowCount }) => {
    if (!rowCount)
      throw new FunnelError('FENCED', `generation ${id} is folded by another process, or was replaced`, {
        generation: id,
      })
  },
})

/** The events after a place. Throws LOG_GAP when one is missing between them. */
function unfolded(events: readonly Recorded[], place: Positions): Recorded[] {
  const last: { [topic in Topic]?: number[] } = {}
  return events.filter(({ topic, partition, position }) => {
    const reached = (last[topic] ??= [])
    const before = reached[partition] ?? positionOf(place, topic, partition)
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
    reached[partition] = position
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
