import { setTimeout as sleep } from 'node:timers/promises'
import { FunnelError, topics } from '@funnel/events'
import { Clock, ClockChange, type WatchClocksResponse } from '@funnel/query-api'
import { fingerprintOf, paged, tokenOf } from '../kpi/page.js'
import { toBasis, toEvent } from '../kpi/wire.js'
import { ofLive } from '../read/live.js'
import type { ReadModels } from '../read/read-models.js'
import { advanced, headOf, planChanges, type ChangeRow } from './plan-changes.js'
import { placeOf, planClocks, type ClockRow, type HeadRow, type Place, type Selection } from './plan.js'
import { toClock } from './wire.js'

/** Milliseconds one look at the read models may take. */
const PATIENCE = 30_000
/** So many clocks or changes come in one answer at most. */
const PAGE = 500

/** Which clocks are watched: open ones, and all that becomes of them. */
export type Watched = Omit<Selection, 'over'>

/** How far a log has been told: which log, and the last position in each partition of what is said of clocks. */
export type Told = readonly [epoch: string, positions: readonly number[]]

export const isTold = (value: unknown): value is Told =>
  Array.isArray(value) &&
  value.length === 2 &&
  typeof value[0] === 'string' &&
  Array.isArray(value[1]) &&
  value[1].length === topics.sla.partitions &&
  value[1].every((position) => Number.isSafeInteger(position) && position >= 0)

/** What a token to go on with belongs to. */
export const fingerprintOfWatched = (watched: Watched): string => fingerprintOf(['watched clocks', watched])

/**
 * The open clocks, page by page, unless it goes on from what was `told`; then what is said of clocks as the read models
 * fold it. What changes while the open ones are sent is sent after them. It looks at most once in `interval` milliseconds,
 * and while the receiver is not `ready` not at all: what waits for it is in the log, so it takes no memory. A watermark that
 * moves alone is no change. Ends with the signal. Throws NOT_FOUND when the log is another one than was told from.
 */
export async function* watchClocks(
  models: Pick<ReadModels, 'database' | 'generations' | 'changes'>,
  watched: Watched,
  { told, interval }: { readonly told: Told | undefined; readonly interval: number },
  ready: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<WatchClocksResponse, void, undefined> {
  const fingerprint = fingerprintOfWatched(watched)
  let at = told
  for (let after: Place | undefined; !at && !signal.aborted;) {
    const page = await openClocks(models, watched, after, signal)
    // what is said after the first page was read is told again, as it may have moved a clock from one page to another
    told ??= page.head
    after = page.last && placeOf(page.last)
    if (!after) at = told
    yield { ...page.answer, resumeToken: at ? tokenOf(fingerprint, at) : '' }
    await ready()
  }
  while (at && !signal.aborted) {
    // waiting starts before looking, so a change meanwhile is not missed
    const changed = models.changes.wait(signal)
    models.generations.forget()
    for (let more = true; more && !signal.aborted;) {
      const page = await changesAfter(models, watched, at, signal)
      at = page.at
      more = page.more
      if (!page.answer.changes.length) continue
      yield { ...page.answer, resumeToken: tokenOf(fingerprint, at) }
      await ready()
    }
    await Promise.all([changed, sleep(interval, undefined, { signal }).catch(() => undefined)])
  }
}

type Models = Pick<ReadModels, 'database' | 'generations'>

async function openClocks(
  { database, generations }: Models,
  watched: Watched,
  after: Place | undefined,
  signal: AbortSignal,
) {
  const patience = { deadline: Date.now() + PATIENCE, signal }
  const { generation, basis, rows } = await ofLive(generations, patience, async ({ id }) => {
    const rows = await database.rows<HeadRow & { readonly key: string | null }>(
      planClocks(id, { ...watched, over: false }, after, PAGE + 1),
      patience,
    )
    return { generation: id, basis: rows[0], rows }
  })
  const found = rows.filter((row): row is ClockRow => row.key !== null)
  const { messages, last } = paged(found, PAGE, { toMessage: toClock, codec: Clock })
  return {
    head: [basis.epoch, headOf(basis)] as const,
    last,
    answer: { basis: toBasis(undefined, generation, basis), clocks: messages, changes: [] },
  }
}

async function changesAfter(
  { database, generations }: Models,
  watched: Watched,
  [epoch, places]: Told,
  signal: AbortSignal,
) {
  const patience = { deadline: Date.now() + PATIENCE, signal }
  const { generation, basis, rows } = await ofLive(generations, patience, async ({ id }) => {
    const rows = await database.rows<HeadRow & { readonly id: string | null }>(
      planChanges(id, watched, places, PAGE + 1),
      patience,
    )
    return { generation: id, basis: rows[0], rows }
  })
  if (basis.epoch !== epoch)
    throw new FunnelError(
      'NOT_FOUND',
      'The log is another one than was told from, as after a restore: watch again, without a resume token',
    )
  const said = rows.filter((row): row is ChangeRow => row.id !== null)
  const { messages, last } = paged(said, PAGE, { toMessage: toChange, codec: ClockChange })
  return {
    // where nothing more follows all was looked through
    at: [epoch, last ? advanced(places, said.slice(0, messages.length)) : headOf(basis)] as const,
    more: last !== undefined,
    answer: {
      basis: toBasis(undefined, generation, basis),
      clocks: [],
      // of a clock that could not be folded nothing is known but that
      changes: messages.filter(({ clock }) => clock !== undefined),
    },
  }
}

const toChange = (row: ChangeRow): ClockChange => ({
  event: toEvent(row),
  clock: row.key === null ? undefined : toClock(row),
})
