import { randomUUID } from 'node:crypto'
import { always, loadAllDefinitions } from '@funnel/definitions'
import { addressOf, advance, derivedId, type FunnelEvent, type Instant, type Recorded } from '@funnel/events'
import { migrateStore, openDecisionStore } from '@funnel/event-store'
import { keepOf, migrateReactor, slaExecutor, slaMonitor, takeBatch } from '@funnel/reactor'
import { testDatabase } from '@funnel/testing'
import { compare, stopwatch, type Figure, type Settings } from '../harness.js'
import { assertTold, multiply } from '../clocks.js'
import { poolOf } from '../peers/pool.js'

const BATCH = 1000
const DAY = 86_400_000
/** Time from one round to the next, in which every clock of a round comes due. */
const BETWEEN = 14 * DAY
const MEGABYTE = 1024 ** 2

/**
 * G10m: what very many open clocks take: in PostgreSQL, where the monitor keeps them, and in the monitor while it judges
 * others that come due: of leads with an owner, under the policies and calendars that come with the platform.
 */
export async function openClocks({ history, events: clocks, rounds }: Settings): Promise<Figure> {
  const open = history.events
  const database = await testDatabase()
  await migrateStore(database.url)
  await migrateReactor(database.url)
  const pool = poolOf(database.url, 8)
  const store = await openDecisionStore(database.url)
  const definitions = loadAllDefinitions()
  const acting = {
    reactor: slaMonitor(definitions),
    // nothing was recorded: nothing of what comes is history to it
    keep: await keepOf<never>(pool, 'sla-monitor', { epoch: randomUUID(), positions: {}, w: 0 }),
    execute: slaExecutor(store, always(definitions)),
  }
  let position = 0
  let leads = 0
  const take = (events: readonly Recorded<FunnelEvent>[], w: Instant) =>
    takeBatch(acting, { events, positions: advance(acting.keep.place.positions, events), w })
  const start = async (count: number, recorded: Instant) => {
    for (let left = count; left > 0; left -= BATCH) {
      const some = Array.from({ length: Math.min(BATCH, left) }, () => `lead-${++leads}`)
      await take(
        some.flatMap((lead) => eventsOf(lead, recorded).map((event) => ({ ...event, position: ++position }))),
        recorded,
      )
    }
  }
  try {
    const { rss } = process.memoryUsage()
    const begin = Date.now() - (rounds + 2) * BETWEEN
    // one is started as all are; the rest are made like it
    await start(1, begin + 3650 * DAY)
    await multiply(pool, 'lead-1', open)
    const size = await sizeOf(pool)
    const figure = await compare({
      what: `clocks that are judged beside ${open.toLocaleString('en')} open ones; ${clocks.toLocaleString('en')} a round`,
      unit: 'clocks/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async (round) => {
          const recorded = begin + round * BETWEEN
          await start(clocks, recorded)
          const stop = stopwatch()
          await take([], recorded + BETWEEN - 1)
          return stop(clocks)
        },
      },
      peers: [],
      notes: [],
    })
    await assertTold(pool, clocks * (rounds + 1))
    const bytes = (total: number) => Math.round(total / open).toLocaleString('en')
    const megabytes = (total: number) => Math.round(total / MEGABYTE).toLocaleString('en')
    return {
      ...figure,
      notes: [
        `in PostgreSQL an open clock takes ${bytes(size.state + size.timer)} bytes with its lead, indexes included: ${bytes(size.state)} of states, ${bytes(size.timer)} of timers; freshly written, without the room that changes leave behind`,
        // in kilobytes
        `the process had ${megabytes(process.resourceUsage().maxRSS * 1024)} MB resident at most, ${megabytes(rss)} MB before it began: states are loaded for ${BATCH.toLocaleString('en')} timers at a time, however many are open`,
        'each is warned of, breached and escalated, and all of it is appended to the log; synchronous_commit on',
      ],
    }
  } finally {
    await store.close()
    await pool.end()
    await database.drop()
  }
}

/** A lead that is captured and gets an owner, all at once. */
function eventsOf(lead: string, recorded: Instant): Omit<Recorded<FunnelEvent>, 'position'>[] {
  const envelope = {
    specversion: '1.0',
    source: '/bench',
    time: new Date(recorded).toISOString(),
    partitionkey: lead,
  } as const
  const properties = { segment: 'mid-market', origin: 'demo-request', employees: 120, country: 'DE' }
  const captured = {
    ...envelope,
    id: derivedId('bench', 'captured', lead),
    type: 'lead.captured',
    dataschema: 'lead.captured:1',
    data: { lead, person: `person-of-${lead}`, visitor: `visitor-of-${lead}`, owner: 'ann', properties },
  } as const
  const assigned = {
    ...envelope,
    id: derivedId('bench', 'assigned', lead),
    type: 'lead.assigned',
    dataschema: 'lead.assigned:1',
    data: { lead, owner: 'sam' },
  } as const
  return [captured, assigned].map((event, i) => ({ ...addressOf('lead', lead), version: i + 1, recorded, event }))
}

/** Bytes of tables and indexes. */
async function sizeOf(pool: ReturnType<typeof poolOf>): Promise<{ readonly state: number; readonly timer: number }> {
  const { rows } = await pool.query<{ state: string; timer: string }>(
    `select pg_total_relation_size('reactor.state') state, pg_total_relation_size('reactor.timer') timer`,
  )
  const { state, timer } = rows[0]!
  return { state: Number(state), timer: Number(timer) }
}
