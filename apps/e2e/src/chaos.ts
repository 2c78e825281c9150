import pg from 'pg'
import { postgresEventTail } from '@funnel/event-log'
import { liveGeneration, verify, type Verification } from '@funnel/projections'
import { random, syntheticLog } from '@funnel/testing'
import { countOf, falls, watchKpis, type Watched } from './kpi-watch.js'
import { send, type Journal, type Sent } from './load.js'
import type { Platform } from './platform.js'
import { startKilling, type Killing, type Victim } from './victims.js'

export interface Chaos extends Pick<Killing, 'kills' | 'faults'> {
  readonly journal: Journal
  /** What KPIs were said to be meanwhile, and where one fell. */
  readonly watched: Watched
  readonly falls: readonly string[]
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
  const sent = new AbortController()
  const { kills, faults, done } = startKilling(victims, { next: random(seed), least, over: sent.signal, deadline })
  const over = new AbortController()
  const watching = watchKpis(platform.query, WATCHED, over.signal)
  watching.catch(() => undefined) // told below
  const journal = await send(platform.ingest, platform.writeKey, events, {
    random: random(seed + 1),
    deadline,
  }).finally(() => sent.abort())
  await done
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
