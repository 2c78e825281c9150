import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '@funnel/events'
import { busyTimes } from './calendar.js'
import { founded, step, type Company, type DemoEvent } from './simulation.js'

export interface FeederOptions {
  /** The public door and a write key for it. */
  readonly url: string
  readonly key: string
  /** Where the company is kept between starts. */
  readonly file: string
  /** Told of what goes wrong and right, in one line. */
  readonly say: (line: string) => void
}

export interface Feeder {
  /** Resolves when the history is recorded. */
  readonly filled: Promise<void>
  stop(): Promise<void>
}

/** What is kept: the company, and the events of the last step, which may not have been recorded. */
interface Kept {
  readonly from: Instant
  readonly to: Instant
  company: Company
  unsent: readonly DemoEvent[]
}

const DAYS = 90
const HISTORY_STEPS = 5000
const HISTORY_CALM = 0.45
const BATCH = 400
/** Live: this many steps a second, most of them visits, as on a real site. */
const LIVE_PAUSE = 400
const LIVE_CALM = 0.8
const RETRY = 1000

/**
 * Feeds the demo through the public door: 90 days of history as fast as the door takes it, then a few events a second
 * until stopped. What is about to be sent is written down first and sent again after a crash: ids make that harmless.
 */
export function startFeeder({ url, key, file, say }: FeederOptions): Feeder {
  const stop = new AbortController()
  const kept = load(file)

  const save = () => {
    writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }

  const post = async (events: readonly DemoEvent[]): Promise<void> => {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        const response = await fetch(`${url}/v1/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
          body: JSON.stringify(events),
          signal: AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]),
        })
        const answer = await response.text()
        if (response.ok) return complain(answer)
        throw new Error(`ingest answers ${response.status}`)
      } catch (error) {
        if (stop.signal.aborted) return
        if (attempt === 5) say(`the demo waits: ${error instanceof Error ? error.message : String(error)}`)
        await pause(RETRY)
      }
    }
  }

  /** The demo's own events are always valid; if one is not, that is to be seen. */
  const complain = (answer: string) => {
    const { events = [] } = JSON.parse(answer) as { events?: { outcome: string; message?: string }[] }
    const bad = events.find(({ outcome }) => outcome === 'rejected' || outcome === 'conflict')
    if (bad) say(`an event of the demo was not taken (${bad.outcome}): ${bad.message ?? ''}`)
  }

  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined)

  const send = async (events: readonly DemoEvent[]) => {
    kept.unsent = events
    save()
    await post(events)
  }

  const fill = async () => {
    if (kept.unsent.length) await post(kept.unsent)
    const times = busyTimes(kept.from, kept.to, HISTORY_STEPS)
    while (kept.company.steps < HISTORY_STEPS && !stop.signal.aborted) {
      const events: DemoEvent[] = []
      while (kept.company.steps < HISTORY_STEPS && events.length < BATCH)
        events.push(...step(kept.company, times[kept.company.steps]!, HISTORY_CALM))
      await send(events)
    }
  }

  const live = async () => {
    while (!stop.signal.aborted) {
      await send(step(kept.company, Date.now() - 3000, LIVE_CALM))
      await pause(LIVE_PAUSE * (0.5 + Math.random()))
    }
  }

  const filled = fill()
  const running = filled.then(live).catch((error: unknown) => {
    if (!stop.signal.aborted) say(`the demo has stopped: ${error instanceof Error ? error.message : String(error)}`)
  })
  return {
    filled,
    async stop() {
      stop.abort()
      await running
    },
  }
}

function load(file: string): Kept {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Kept
  const now = Date.now()
  const seed = now % 2_147_483_647
  return { from: now - DAYS * 86_400_000, to: now - 60_000, company: founded(`${now}`, seed), unsent: [] }
}
