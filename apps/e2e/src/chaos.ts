import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgresEventTail } from '@funnel/event-log'
import { liveGeneration, verify, type Verification } from '@funnel/projections'
import { random, syntheticLog } from '@funnel/testing'
import { send, type Journal, type Sent } from './load.js'
import type { Platform } from './platform.js'

/** Something that can be killed while it works. */
export interface Victim {
  readonly name: string
  /** Kills it, and sees to it that it runs again; false when there was nothing to kill just then. */
  kill(): Promise<boolean>
}

export interface Chaos {
  readonly journal: Journal
  /** How often each victim was killed while the load ran. */
  readonly kills: Readonly<Record<string, number>>
  /** When what was killed: the timeline of the run. */
  readonly timeline: readonly { readonly at: number; readonly victim: string }[]
}

/** A believable load: the synthetic log as a producer sends it. */
export const load = (count: number, seed: number): Sent[] =>
  [...syntheticLog(count, { seed })].map(({ id, type, time, data }) => ({ id, type, time, data: data as Sent['data'] }))

/**
 * Sends the load and meanwhile kills the victims at random moments, each at least `least` times; ends when every event is
 * acknowledged and nobody is being killed any more.
 */
export async function wreak(
  platform: Platform,
  events: readonly Sent[],
  victims: readonly Victim[],
  { seed, least, deadline }: { seed: number; least: number; deadline: number },
): Promise<Chaos> {
  const next = random(seed)
  const kills = Object.fromEntries(victims.map(({ name }) => [name, 0]))
  const timeline: { at: number; victim: string }[] = []
  const start = Date.now()
  const run = { sending: true }
  const killing = (async () => {
    while (run.sending && Date.now() < deadline) {
      // whoever was killed least is next, so that a short run meets all of them; then there is time to get on
      const due = victims.toSorted((a, b) => kills[a.name]! - kills[b.name]! || next() - 0.5)[0]!
      await sleep((kills[due.name]! < least ? 500 : 4000) * (0.5 + next()))
      if (!run.sending || !(await due.kill())) continue
      kills[due.name]!++
      timeline.push({ at: Date.now() - start, victim: due.name })
    }
  })()
  const journal = await send(platform.ingest, platform.writeKey, events, {
    random: random(seed + 1),
    deadline,
  }).finally(() => {
    run.sending = false
  })
  await killing
  return { journal, kills, timeline }
}

/** What the store and the read models hold, asked of the database and of nobody's counters. */
export interface Aftermath {
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
