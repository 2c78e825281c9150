import { setTimeout as sleep } from 'node:timers/promises'
import { nextAt, notice, noticeRefusal, setPace, step, type Act } from '@funnel/demo'
import { advance, upcastRecord } from '@funnel/events'
import { postgresEventTail } from '@funnel/event-log'
import { createPool } from '@funnel/platform'
import { doorsOf, type Doors, type DoorsOptions } from './doors.js'
import { load, save, type Kept } from './kept.js'

export interface FeederOptions extends DoorsOptions {
  /** The store's, to see what the platform decides. */
  readonly databaseUrl: string
  /** Where the company is kept between starts. */
  readonly file: string
  /** Told of what goes wrong, in one line. */
  readonly say: (line: string) => void
}

export interface Feeder {
  stop(): Promise<void>
}

/** The company lives so many times as fast as its history went: a day in a minute and a half. */
const PACE = 1000
const PAUSE = 250
const RETRY = 1000
/** Acts at once, and records at once. */
const MOST = 200

/**
 * Lets the company that the file has live on through the doors of the platform until it is stopped, and shows it what the
 * platform decides. What is about to be sent is written down first and sent again after a crash: ids and keys make that harmless.
 */
export function startFeeder(options: FeederOptions): Feeder {
  const { file, say } = options
  const kept = load(file)
  if (kept) return feeding(kept, options)
  say(`the demo does not go on, for ${file} is missing: npm start -- --fresh begins anew`)
  return { stop: () => Promise.resolve() }
}

function feeding(kept: Kept, { file, say, ...options }: FeederOptions): Feeder {
  const stop = new AbortController()
  const { signal } = stop
  const pool = createPool(options.databaseUrl, 'funnel-demo', 1)
  const tail = postgresEventTail(pool)

  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal }).catch(() => undefined)

  const insist = async <Result>(send: () => Promise<Result>): Promise<Result | undefined> => {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await send()
      } catch (error) {
        if (attempt === 5 && !signal.aborted)
          say(`the demo waits: ${error instanceof Error ? error.message : String(error)}`)
        await pause(RETRY)
      }
    }
    return undefined
  }

  const send = async (doors: Doors): Promise<void> => {
    for (const acts of runs(kept.unsent)) {
      if (signal.aborted) return
      const [first] = acts
      if (first.kind === 'command') {
        if ((await insist(() => doors.ask(first, signal))) === 'refused') noticeRefusal(kept.company, first.command)
        continue
      }
      const events = acts.flatMap((act) => (act.kind === 'event' ? [act.event] : []))
      const complaint = await insist(() => doors.tell(events, signal))
      if (complaint !== undefined) say(complaint)
    }
    kept.unsent = []
  }

  const look = async (): Promise<void> => {
    const { positions } = await tail.heads()
    const records = await tail.read(kept.seen, positions, MOST)
    for (const record of records) notice(kept.company, upcastRecord(record))
    kept.seen = advance(kept.seen, records)
  }

  const live = async (): Promise<void> => {
    const doors = doorsOf(options)
    try {
      setPace(kept.company, Date.now(), PACE)
      await send(doors)
      while (!signal.aborted) {
        await look().catch(() => undefined) // it looks again
        const acts: Act[] = []
        while (acts.length < MOST && nextAt(kept.company) <= Date.now()) acts.push(...step(kept.company))
        if (acts.length) {
          kept.unsent = acts
          save(file, kept)
          await send(doors)
        }
        await pause(PAUSE)
      }
    } finally {
      await pool.end()
    }
  }

  const running = live().catch((error: unknown) => {
    if (!signal.aborted) say(`the demo has stopped: ${error instanceof Error ? error.message : String(error)}`)
  })
  return {
    async stop() {
      stop.abort()
      await running
    },
  }
}

/** Events that follow one another go together, commands one by one. */
function runs(acts: readonly Act[]): (readonly [Act, ...Act[]])[] {
  const together: [Act, ...Act[]][] = []
  for (const act of acts) {
    const last = together.at(-1)
    if (last && act.kind === 'event' && last[0].kind === 'event') last.push(act)
    else together.push([act])
  }
  return together
}
