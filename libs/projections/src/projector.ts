import type pg from 'pg'
import { definitionsHash, rebased, type Definitions } from '@funnel/definitions'
import { FunnelError, topicNames } from '@funnel/events'
import { growingPauses, leadOn, type EventLog, type EventTail } from '@funnel/event-log'
import type { Logger } from '@funnel/platform'
import { foldAll } from './fold/fold-all.js'
import { createFolder, type Applied } from './fold/folder.js'
import { dimensionValues, MANY_VALUES } from './generation/dimension-values.js'
import { appliedUpTo } from './generation/applied.js'
import { adoptKpis, dropRetired, type Generation } from './generation/generation.js'
import { liveOrFirst } from './rebuild/rebuild.js'
import { sealBeside } from './rollup/seal-beside.js'

/** Keeps the live generation up with the log. */
export interface Projector {
  /** What it folds into, once it is the active one. */
  readonly generation: Generation | undefined
  readonly active: boolean
  /** When its loop last came round; milliseconds since 1970. */
  readonly tick: number
  /** Why it does not fold, if it does not. */
  readonly trouble: string | undefined
  /** What it folds into was made with other definitions than it was given; those that were applied in the log aside. */
  readonly outdated: boolean
  /** How many values each dimension has, as last counted. */
  readonly dimensionValues: ReadonlyMap<string, number>
  close(): Promise<void>
}

export interface ProjectorOptions {
  readonly log: EventLog
  readonly tail: EventTail
  /** The read models' database. */
  readonly url: string
  readonly pool: pg.Pool
  /** What counts where the log says nothing. */
  readonly definitions: Definitions
  readonly logger: Logger
  readonly onBatch?: (applied: Applied, seconds: number) => void
}

/** The consumer group of the projector. */
export const PROJECTOR_GROUP = 'funnel-projector'
const LOCK = [7006, 1] as const
const BACK_OFF = 500
const LONGEST_BACK_OFF = 10_000
/** Somebody else folded, or the generation was replaced: nothing is broken. */
const AFTER_FENCED = 50
/** How often retired generations are looked for, and the values of dimensions counted. Milliseconds. */
const SWEEP = 60_000

/**
 * One folder at a time, see `leadOn`; the others stand by. Opens the log at the checkpoint, folds batch after batch, and
 * on any failure starts again from the checkpoint, with growing pauses. When another generation has become the live one,
 * or another process folded while this one was frozen, the fence tells, and it goes on from there.
 */
export function startProjector(options: ProjectorOptions): Projector {
  const { log, tail, url, pool, definitions: files, logger, onBatch } = options
  const stop = new AbortController()
  let generation: Generation | undefined
  let active = false
  let tick = Date.now()
  let trouble: string | undefined = 'starting'
  let outdated = false
  let values: ReadonlyMap<string, number> = new Map()
  const reported = new Set<string>()

  const countValues = async (live: Generation): Promise<void> => {
    try {
      values = await dimensionValues(pool, live)
    } catch (error) {
      logger.warn(causeOf(error), 'the values of dimensions could not be counted')
    }
    for (const [dimension, count] of values) {
      if (count <= MANY_VALUES || reported.has(dimension)) continue
      reported.add(dimension)
      logger.warn(
        { dimension, values: count },
        `a dimension has more than ${MANY_VALUES} values: is it an id or a text?`,
      )
    }
  }

  /** What a generation has to go by where the log says nothing: the files, but for what was applied. */
  const baseFor = async ({ definitions }: Generation): Promise<Definitions> =>
    rebased(definitions, files, await appliedUpTo(tail, await tail.heads()))

  const foldOn = async (ended: AbortSignal): Promise<void> => {
    const first = await liveOrFirst(pool, files, await tail.heads())
    const base = await baseFor(first)
    const live = await adoptKpis(pool, first, base)
    outdated = live.definitionsHash !== definitionsHash(base)
    if (outdated)
      logger.warn(
        { generation: live.id },
        'this generation was made with other definitions than this process has: run `funnel rebuild`',
      )
    const folder = createFolder(pool, live)
    generation = folder.generation
    const opened = await log.open(PROJECTOR_GROUP, topicNames, async () => folder.generation.positions, {
      whole: true,
    })
    const end = () => void opened.close().catch(() => undefined)
    ended.addEventListener('abort', end, { once: true })
    const sealing = sealBeside(pool, live, (error) => logger.warn(causeOf(error), 'rolls could not be sealed'))
    let swept = Date.now()
    let counting = countValues(live)
    try {
      // an abort while the log was being opened called nobody
      if (ended.aborted) return
      await foldAll(folder, opened, async (applied, seconds) => {
        generation = applied.generation
        tick = Date.now()
        trouble = undefined
        opened.hint(generation.positions)
        sealing.saved(applied.entries, generation.w!)
        if (applied.parked)
          logger.error(
            { parked: generation.parked },
            'a subject could not be folded and was parked: mend the fold, then run `funnel rebuild`',
          )
        onBatch?.(applied, seconds)
        if (applied.events || applied.entries.length)
          await pool.query(`select pg_notify('funnel_read', $1)`, [String(generation.id)])
        if (Date.now() - swept >= SWEEP) {
          swept = Date.now()
          await dropRetired(pool)
          // what its files say and it was not made with may have been applied meanwhile
          if (outdated) outdated = live.definitionsHash !== definitionsHash(await baseFor(live))
          counting = counting.then(() => countValues(live)) // beside the fold
        }
      })
    } finally {
      ended.removeEventListener('abort', end)
      await sealing.close()
      await counting
      await opened.close()
    }
  }

  const standby = () => {
    tick = Date.now()
    trouble = 'another projector folds; this one stands by'
  }
  const lead = async (ended: AbortSignal): Promise<void> => {
    active = true
    trouble = 'opening the log'
    logger.info('this process folds the read models')
    try {
      await dropRetired(pool)
      await foldOn(ended)
    } finally {
      active = false
    }
  }

  const pauses = growingPauses(BACK_OFF, LONGEST_BACK_OFF)
  const candidacy = { lock: LOCK, name: 'funnel-projector-lock', standby, stop: stop.signal }
  const running = leadOn(url, candidacy, lead, (error) => {
    tick = Date.now()
    const fenced = error instanceof FunnelError && error.code === 'FENCED'
    if (trouble === undefined || fenced) pauses.reset() // it had folded since the last failure
    trouble = error instanceof Error ? error.message : String(error)
    logger.warn({ ...causeOf(error), reason: trouble }, 'starting again from the checkpoint')
    return fenced ? AFTER_FENCED : pauses.next()
  })

  return {
    get generation() {
      return generation
    },
    get active() {
      return active
    },
    get tick() {
      return tick
    },
    get trouble() {
      return trouble
    },
    get outdated() {
      return outdated
    },
    get dimensionValues() {
      return values
    },
    async close() {
      stop.abort()
      await running
    },
  }
}

/** What the log tells of a failure beside its message: the code of one that was foreseen, the stack of any other. */
const causeOf = (error: unknown) =>
  error instanceof FunnelError && error.code !== 'INTERNAL'
    ? { code: error.code }
    : { stack: error instanceof Error ? error.stack : undefined }
