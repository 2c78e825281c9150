import { createHash } from 'node:crypto'
import type pg from 'pg'
import { FunnelError, topicNames, type Instant, type Topic } from '@funnel/events'
import { growingPauses, leadOn, type EventLog, type EventTail } from '@funnel/event-log'
import type { Logger } from '@funnel/platform'
import { takeBatch, type Took } from './batch.js'
import type { Outcome } from './outcome.js'
import { keepOf, type Keep, type Place } from './place.js'
import type { Intent, Json, Reactor } from './reactor.js'

/** A reactor that runs. */
export interface Running {
  /** How far it has come, once it is the active one. */
  readonly place: Place | undefined
  readonly active: boolean
  /** When its loop last came round; milliseconds since 1970. */
  readonly tick: number
  /** Why it does not react, if it does not. */
  readonly trouble: string | undefined
  close(): Promise<void>
}

export interface ReactorOptions<State extends Json, Command> {
  readonly reactor: Reactor<State, Command>
  readonly log: EventLog
  readonly tail: EventTail
  /** Of the database that has the schema `reactor`. */
  readonly url: string
  readonly pool: pg.Pool
  /** Until when what the store holds is a history in which this reactor had its part: simulated, or put back from a backup. */
  readonly history?: Instant | undefined
  /**
   * What it reads, where that is not all there is: it begins at the end of the log then, as it knows nothing of what was before.
   */
  readonly topics?: readonly Topic[]
  /** Carries out a command; must do nothing where the key was carried out before. */
  readonly execute: (intent: Intent<Command>) => Promise<Outcome>
  readonly logger: Logger
  readonly onBatch?: (took: Took) => void
}

const BACK_OFF = 500
const LONGEST_BACK_OFF = 10_000
/** How often the watermark is saved while nothing happens. Milliseconds. */
const IDLE_SAVE = 5000

/**
 * Runs a reactor: one process at a time, by an advisory lock; the others stand by. Takes batches of the log from its
 * place, lets the reactor step over their events and over the timers that came due, carries out what it asks for, and then
 * saves states, timers and place in one transaction. A crash before that repeats the batch: the steps are the same and
 * the commands have the same keys, so nothing happens twice. Timers fire on the watermark, so never before their time,
 * once each, and after an outage all of them in order. On failure it starts again from its place, with growing pauses.
 */
export function startReactor<State extends Json, Command>(options: ReactorOptions<State, Command>): Running {
  const { reactor, log, tail, url, pool, history, topics, execute, logger, onBatch } = options
  const stop = new AbortController()
  let keep: Keep<State> | undefined
  let active = false
  let tick = Date.now()
  let trouble: string | undefined = 'starting'

  const reactOn = async (ended: AbortSignal): Promise<void> => {
    const kept = await keepOf<State>(pool, reactor.name, await tail.heads(), history, topics !== undefined)
    keep = kept
    const opened = await log.open(`funnel-${reactor.name}`, topics ?? topicNames, async () => kept.place.positions, {
      whole: true,
    })
    const end = () => void opened.close().catch(() => undefined)
    ended.addEventListener('abort', end, { once: true })
    let saved = Date.now()
    try {
      if (ended.aborted) return
      for await (const { events, positions, w } of opened) {
        const took = await takeBatch(
          { reactor, keep: kept, execute },
          { events, positions, w },
          Date.now() - saved >= IDLE_SAVE,
        )
        if (took) {
          saved = Date.now()
          opened.hint(positions)
          onBatch?.(took)
        }
        tick = Date.now()
        trouble = undefined
      }
    } finally {
      ended.removeEventListener('abort', end)
      await opened.close()
    }
  }

  const candidacy = {
    lock: [7008, lockNumber(reactor.name)],
    name: `funnel-${reactor.name}-lock`,
    stop: stop.signal,
    standby: () => {
      tick = Date.now()
      trouble = `another process runs the reactor ${reactor.name}; this one stands by`
    },
  } as const
  const lead = async (ended: AbortSignal): Promise<void> => {
    active = true
    trouble = 'opening the log'
    logger.info(`this process runs the reactor ${reactor.name}`)
    await reactOn(ended).finally(() => (active = false))
  }

  const pauses = growingPauses(BACK_OFF, LONGEST_BACK_OFF)
  const running = leadOn(url, candidacy, lead, (error) => {
    tick = Date.now()
    if (trouble === undefined) pauses.reset() // it had come on since the last failure
    trouble = error instanceof Error ? error.message : String(error)
    logger.warn(
      { code: error instanceof FunnelError ? error.code : undefined, reason: trouble },
      'starting again from its place',
    )
    return pauses.next()
  })

  return {
    get place() {
      return keep?.place
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
    async close() {
      stop.abort()
      await running
    },
  }
}

/** The second number of a reactor's advisory lock. */
const lockNumber = (name: string): number => createHash('sha256').update(name).digest().readInt32BE()
