import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgresEventTail } from '@funnel/event-log'
import { liveGeneration, verify, type Verification } from '@funnel/projections'
import { random, syntheticLog } from '@funnel/testing'
import { countOf, falls, watchKpis, type Watched } from './kpi-watch.js'
import { send, type Journal, type Sent } from './load.js'
import type { Platform } from './platform.js'

/** Something that can be killed while it works. */
export interface Victim {
  readonly name: string
  /** Whether the read models may lose their last commits with it. */
  readonly forgets?: true
  /** Kills it, and sees to it that it runs again; false when there was nothing to kill just then. */
  kill(): Promise<boolean>
}

export interface Chaos {
  readonly journal: Journal
  /** How often each victim was killed while the load ran. */
  readonly kills: Readonly<Record<string, number>>
  /** The timeline of the run. */
  readonly faults: readonly Fault[]
  /** What KPIs were said to be meanwhile, and where one fell. */
  readonly watched: Watched
  readonly falls: readonly string[]
}

/** Something was killed: when, and when it ran again or was left to its supervisor, in milliseconds since the load began. */
export interface Fault {
  readonly victim: string
  readonly at: number
  readonly until: number
}

/** The KPIs that are watched, and what they must come to. */
export type Counts = Readonly<Record<'leads' | 'touches', number>>
const WATCHED = ['leads', 'touches'] as const

/** What KPIs must come to by the client's own journal: nobody else is asked. */
export function owed(events: readonly Sent[], { acknowledged }: Journal): Counts {
  const recorded = events.filter(({ id }) => acknowledged.has(id))
  const ofType = (wanted: string) => recorded.filter(({ type }) => type === wanted)
  return {
    leads: new Set(ofType('lead.captured').map(({ data }) => data['lead'])).size,
    touches: ofType('touchpoint.recorded').length,
  }
}

/** A believable load: the synthetic log as a producer sends it. */
export const load = (count: number, seed: number): Sent[] =>
  [...syntheticLog(count, { seed })].map(({ id, type, time, data }) => ({ id, type, time, data: data as Sent['data'] }))

/**
 * Sends the load and meanwhile kills the victims at random moments, each at least `least` times, and asks for KPIs; ends
 * when every event is acknowledged and nobody is being killed any more.
 */
export async function wreak(
  platform: Platform,
  events: readonly Sent[],
  victims: readonly Victim[],
  { seed, least, deadline }: { seed: number; least: number; deadline: number },
): Promise<Chaos> {
  const next = random(seed)
  const kills = Object.fromEntries(victims.map(({ name }) => [name, 0]))
  const faults: Fault[] = []
  const start = performance.now()
  const since = () => Math.round(performance.now() - start)
  const sent = new AbortController()
  const killing = (async () => {
    while (!sent.signal.aborted && Date.now() < deadline) {
      // whoever was killed least is next, so that a short run meets all of them; then there is time to get on
      const due = victims.toSorted((a, b) => kills[a.name]! - kills[b.name]! || next() - 0.5)[0]!
      await sleep((kills[due.name]! < least ? 500 : 4000) * (0.5 + next()))
      const at = since()
      if (sent.signal.aborted || !(await due.kill())) continue
      kills[due.name]!++
      faults.push({ victim: due.name, at, until: since() })
    }
  })()
  const over = new AbortController()
  const watching = watchKpis(platform.query, WATCHED, over.signal)
  watching.catch(() => undefined) // told below
  const journal = await send(platform.ingest, platform.writeKey, events, {
    random: random(seed + 1),
    deadline,
  }).finally(() => sent.abort())
  await killing
  // until all of it is in the answers: who asks so long is told something
  await platform.settled().finally(() => over.abort())
  const watched = await watching
  const forgetful = new Set(victims.filter(({ forgets }) => forgets).map(({ name }) => name))
  const crashes = faults.filter(({ victim }) => forgetful.has(victim))
  return { journal, kills, faults, watched, falls: falls(watched.told, crashes) }
}

/** What the store and the read models hold, asked of the database and of nobody's counters, and what KPIs are said to be. */
export interface Aftermath {
  readonly kpis: Counts
  readonly stored: number
  readonly acknowledgedAndStored: number
  readonly facts: number
  readonly verification: Verification
}

/** Waits until everything is folded and takes stock. */
export async function aftermath(platform: Platform, journal: Journal): Promise<Aftermath> {
  await platform.settled()
  const pool = new pg.Pool({ connectionString: platform.databaseUrl, max: 4 })
  try {
    const count = async (text: string, values: unknown[] = []) =>
      Number((await pool.query<{ n: string }>(text, values)).rows[0]!.n)
    const generation = await liveGeneration(pool)
    return {
      kpis: { leads: await countOf(platform.query, 'leads'), touches: await countOf(platform.query, 'touches') },
      stored: await count('select count(*) n from store.event'),
      acknowledgedAndStored: await count('select count(*) n from store.event where id = any($1)', [
        [...journal.acknowledged.keys()],
      ]),
      facts: await count(`select count(*) n from ${generation!.schema}.fact`),
      verification: await verify({ store: pool, read: pool, tail: postgresEventTail(pool) }),
    }
  } finally {
    await pool.end()
  }
}
