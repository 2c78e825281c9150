import { setImmediate } from 'node:timers/promises'
import type { AllDefinitions } from '@funnel/definitions'
import { FunnelError, upcastRecord, validateEvent, type Instant, type Positions, type Recorded } from '@funnel/events'
import { memoryEventStore, type EventStore } from '@funnel/event-store'
import { automation, catchUp, executor, memoryKeep, slaExecutor, slaMonitor } from '@funnel/reactor'
import type { Act, DemoCommand } from '../company/act.js'
import { DAY } from '../company/calendar.js'
import { founded, nextAt, type Founding } from '../company/company.js'
import type { Company } from '../company/state.js'
import { notice, noticeRefusal } from '../company/notice.js'
import { step } from '../company/step.js'
import { deskOn, SOURCE } from './carry-out.js'

export interface HistoryOptions extends Founding {
  /** Where it ends. */
  readonly until: Instant
  readonly definitions: AllDefinitions
  /** Done first of all, on the empty store. */
  readonly setUp?: (store: EventStore, at: Instant) => Promise<void>
  /** Told once a day of how many. */
  readonly onDay?: (day: number, days: number) => void
  readonly signal?: AbortSignal
}

export interface History {
  /** All that was recorded, in the total order. */
  readonly records: readonly Recorded[]
  /** The place after the last of them. */
  readonly positions: Positions
  /** The company as it stands at the end: it may live on. */
  readonly company: Company
  /** What was asked for and refused, as when somebody was faster. */
  readonly refused: readonly DemoCommand[]
}

/** Until automation or the monitor has seen an event, and until what it caused is seen; milliseconds. */
const LATENCY = 20

/**
 * Plays the company from its founding until an instant on a simulated clock, in memory, with the deciders, the automation
 * and the SLA monitor of the platform: all is recorded when it would have been. The same options give the same records. Memory
 * grows with the records alone. Throws INTERNAL when the company says what the published language does not know.
 */
export async function playHistory(options: HistoryOptions): Promise<History> {
  const { at: from, until, definitions, setUp, onDay, signal } = options
  const company = founded(options)
  let now = from
  const clock = () => now
  const store = memoryEventStore(clock)
  const { execute, staff } = executor(store, definitions, clock)
  const keep = memoryKeep<never>()
  const acting = { reactor: automation(definitions), keep, execute: oneByOne(execute) }
  const watched = memoryKeep<never>()
  const watching = {
    reactor: slaMonitor(definitions),
    keep: watched,
    execute: oneByOne(slaExecutor(store, definitions, clock)),
  }
  const ask = deskOn(store, definitions, clock)
  const refused: DemoCommand[] = []

  // the company sees what automation sees
  const tail = {
    read: async (...place: Parameters<typeof store.tail.read>) => {
      const records = await store.tail.read(...place)
      for (const record of records) notice(company, upcastRecord(record))
      return records
    },
  }
  const head = () => {
    now += LATENCY
    return store.tail.heads()
  }
  // what one of them does the other hears of
  const follow = async (): Promise<void> => {
    for (let seen = -1; seen !== watched.place.fold;) {
      seen = watched.place.fold
      await catchUp(acting, tail, head)
      await catchUp(watching, store.tail, head)
    }
  }
  const act = async (one: Act): Promise<void> => {
    if (one.kind === 'command') {
      if ((await ask(one)) !== 'refused') return
      refused.push(one.command)
      return noticeRefusal(company, one.command)
    }
    const valid = validateEvent(one.event, { source: SOURCE, receivedAt: now })
    if (!valid.ok)
      throw new FunnelError('INTERNAL', `the demo says what nobody understands: ${valid.message}`, {
        type: one.event.type,
      })
    await store.append({ events: [valid.event] })
  }

  await setUp?.(store, now)
  await staff()
  await follow()
  const days = Math.ceil((until - from) / DAY)
  for (let day = 0; ;) {
    const next = Math.min(nextAt(company), ...[keep, watched].map(({ nextDue = Infinity }) => nextDue + 1))
    if (next >= until) break
    now = Math.max(now, next)
    if (nextAt(company) <= now) for (const one of step(company)) await act(one)
    await follow()
    if (now < from + (day + 1) * DAY) continue
    day = Math.floor((now - from) / DAY)
    onDay?.(day, days)
    await setImmediate() // others may run, and stop it
    signal?.throwIfAborted()
  }
  const { positions } = await store.tail.heads()
  return { records: await store.tail.read({}, positions, Infinity), positions, company, refused }
}

/** So that nobody is faster than another by chance. */
function oneByOne<Input, Output>(work: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  let last: Promise<unknown> = Promise.resolve()
  return (input) => {
    const result = last.then(() => work(input))
    last = result
    return result
  }
}
