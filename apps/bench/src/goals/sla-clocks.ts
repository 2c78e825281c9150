import { randomUUID } from 'node:crypto'
import { always, loadAllDefinitions, type LeadPolicy } from '@funnel/definitions'
import {
  addressOf,
  advance,
  derivedId,
  mintId,
  type FunnelEvent,
  type Head,
  type Instant,
  type Recorded,
} from '@funnel/events'
import { migrateStore, openDecisionStore } from '@funnel/event-store'
import { keepOf, migrateReactor, slaExecutor, slaMonitor, takeBatch, type Acting, type Timer } from '@funnel/reactor'
import { testDatabase } from '@funnel/testing'
import { compare, spread, stopwatch, type Done, type Figure, type Settings } from '../harness.js'
import { graphileWorker } from '../peers/graphile-worker.js'
import { pgBoss } from '../peers/pg-boss.js'
import { assertTold, multiply } from '../clocks.js'
import { poolOf } from '../peers/pool.js'

const BATCH = 1000
/** So many more of our bare timers than of anything else, else they were done before the clock could tell. */
const MANY = 10
const HOUR = 3_600_000
const policy: LeadPolicy = {
  id: 'response',
  version: 1,
  name: 'Response',
  description: 'An hour to answer.',
  owners: { marketing: 'm', sales: 's' },
  party: 'sales',
  starts: [{ event: ['lead.assigned'] }],
  stops: [{ event: ['lead.advanced'] }],
  recurs: 'once',
  terms: [{ target: '1h' }],
}

/**
 * G10: timers that come due while very many others are not: ours and those of job queues, claimed and done with for good,
 * with nothing else to do. Told beside it: clocks of promises that come due, each judged, and its breach appended to the
 * log, durable and once.
 */
export async function slaClocks({ history, events: clocks, rounds }: Settings): Promise<Figure> {
  const open = history.events
  const [ours, bossAt, graphileAt] = await Promise.all([testDatabase(), testDatabase(), testDatabase()])
  await migrateStore(ours.url)
  await migrateReactor(ours.url)
  const pool = poolOf(ours.url, 8)
  const store = await openDecisionStore(ours.url)
  const { funnel, reasons } = loadAllDefinitions()
  // nothing was recorded: nothing of what comes is history to it
  const head = { epoch: randomUUID(), positions: {}, w: 0 }
  const acting = {
    reactor: slaMonitor({ policies: [policy], calendars: [], teams: [], queues: [] }),
    keep: await keepOf<never>(pool, 'sla-monitor', head),
    execute: slaExecutor(store, always({ funnel, reasons })),
  }
  const bare = await bareTimers(pool, head)
  const boss = await pgBoss(bossAt.url, BATCH)
  const graphile = await graphileWorker(graphileAt.url, 500)
  let position = 0
  let breaches = 0
  /** Starts so many clocks, as they are recorded at an instant. */
  const arm = async (count: number, recorded: Instant) => {
    for (let at = 0; at < count; at += BATCH) {
      const events = Array.from({ length: Math.min(BATCH, count - at) }, () =>
        started(`lead-${++position}`, position, recorded),
      )
      await takeBatch(acting, { events, positions: advance(acting.keep.place.positions, events), w: recorded })
    }
  }
  const [starts, verdicts] = [new Rates(), new Rates()]
  try {
    const later = Date.now() + 24 * HOUR
    // one of the others is started as all are; the rest are made like it
    await arm(1, later)
    await multiply(pool, 'lead-1', open)
    await bare.arm(1, later)
    await multiply(pool, 'timer-1', open)
    await Promise.all([boss.arm(open, new Date(later)), graphile.arm(open, new Date(later))])
    position = open
    const figure = await compare({
      what: `timers that come due, beside ${open.toLocaleString('en')} open ones; ${clocks.toLocaleString('en')} a round`,
      unit: 'timers/s',
      rounds,
      ours: {
        name: 'funnel',
        run: async (round) => {
          const recorded = Date.now() - 2 * HOUR + round
          const starting = stopwatch()
          await arm(clocks, recorded)
          starts.note(round, starting(clocks))
          const { positions } = acting.keep.place
          const judging = stopwatch()
          await takeBatch(acting, { events: [], positions, w: recorded + HOUR + 60_000 })
          verdicts.note(round, judging(clocks))
          breaches += clocks
          await bare.arm(clocks * MANY, Date.now())
          const stop = stopwatch()
          const done = stop(await bare.fire())
          if (done.units !== clocks * MANY) throw new Error(`${clocks * MANY} timers came due, but ${done.units} fired`)
          return done
        },
      },
      peers: [
        {
          name: 'pg-boss',
          run: async () => {
            await boss.arm(clocks, new Date())
            const stop = stopwatch()
            return stop(await boss.fire())
          },
        },
        {
          name: 'graphile-worker in batches',
          run: async () => {
            await graphile.arm(clocks, new Date())
            const stop = stopwatch()
            return stop(await graphile.fire(clocks))
          },
        },
      ],
      notes: [
        `ours: the runtime of reactors as it runs, in portions of ${BATCH}; no handler of anybody does anything; synchronous_commit on`,
        'clocks: the monitor as it runs, with its states in PostgreSQL; what it says of a clock goes through the command path, by an expected version',
        `pg-boss: fetch and complete in batches of ${BATCH}; graphile-worker: 64 at once, a local queue of 500, completions gathered`,
      ],
    })
    await assertTold(pool, breaches)
    return {
      ...figure,
      rates: {
        ...figure.rates,
        'funnel: clocks started, each told in the log': spread(starts.rates),
        'funnel: clocks judged, each breach told in the log': spread(verdicts.rates),
      },
      cpu: {
        ...figure.cpu,
        'funnel: clocks started, each told in the log': spread(starts.cpu),
        'funnel: clocks judged, each breach told in the log': spread(verdicts.cpu),
      },
    }
  } finally {
    await boss.close()
    await graphile.close()
    await store.close()
    await pool.end()
    await Promise.all([ours.drop(), bossAt.drop(), graphileAt.drop()])
  }
}

/** A reactor to whose timers nothing happens. */
async function bareTimers(pool: ReturnType<typeof poolOf>, head: Head) {
  const acting: Acting<never, never> = {
    reactor: { name: 'bare', keysOf: () => [], react: () => undefined, due: () => undefined },
    keep: await keepOf<never>(pool, 'bare', head),
    execute: () => Promise.reject(new Error('nothing was asked for')),
  }
  let timer = 0
  return {
    /** Arms so many that are due at an instant. */
    async arm(count: number, due: Instant) {
      const { keep } = acting
      for (let at = 0; at < count; at += BATCH) {
        const armed = Array.from({ length: Math.min(BATCH, count - at) }, (): Timer => ({
          id: `timer-${++timer}`,
          due,
          cause: { id: derivedId('bench', 'timer', `${timer}`) },
          data: { lead: `timer-${timer}` },
        }))
        await keep.save({ ...NOTHING, armed: new Map(armed.map((one) => [one.id, one])) }, {}, 0)
      }
    },
    /** Works off what is due; gives how many. */
    async fire() {
      const took = await takeBatch(acting, { events: [], positions: {}, w: Date.now() })
      return took?.fired.length ?? 0
    },
  }
}

const NOTHING = { states: new Map(), gone: new Set<string>(), intents: [], fired: [] }

/** What was measured beside the figure. */
class Rates {
  readonly rates: number[] = []
  readonly cpu: number[] = []

  note(round: number, { units, ms, cpu }: Done): void {
    if (round === 0) return
    this.rates.push((units * 1000) / ms)
    if (cpu !== undefined) this.cpu.push(cpu / units)
  }
}

/** A lead that gets an owner. */
const started = (lead: string, position: number, recorded: Instant): Recorded<FunnelEvent> => ({
  ...addressOf('lead', lead),
  position,
  version: 1,
  recorded,
  event: {
    specversion: '1.0',
    id: derivedId('bench', 'clock', lead),
    source: '/bench',
    type: 'lead.assigned',
    dataschema: 'lead.assigned:1',
    time: new Date(recorded).toISOString(),
    partitionkey: lead,
    sequence: 1,
    correlationid: mintId(),
    data: { lead, owner: 'sam' },
  },
})
