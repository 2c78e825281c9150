import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { derivedId, type Envelope, type Instant } from '@funnel/events'
import { migrateStore, openEventStore, type EventStore } from '@funnel/event-store'
import { migrateReactor } from '@funnel/reactor'
import { random, syntheticLog, testDatabase } from '@funnel/testing'
import { assertTold, multiply } from '../clocks.js'
import { spread, type Figure, type Settings } from '../harness.js'
import { ofRounds } from '../load.js'
import { poolOf } from '../peers/pool.js'
import { startService } from '../services.js'

const TARGET = 30 * 60_000
/** How long after it is due a clock waits for what was recorded in time. */
const GRACE = 5000
/**
 * From one cut to the next, in milliseconds; where nothing else happens, so long that the breach before wakes nobody any more.
 */
const QUIET = { least: 400, most: 800 }
const BUSY = { least: 50, most: 150 }
/** Other events that come meanwhile: so many, every so many milliseconds. */
const OTHERS = { count: 20, every: 20 }
const COMMITS = 50

/**
 * G10l: from the cut of a clock, its due time and the grace, until its breach is committed to the log, beside very many
 * open clocks. The monitor and the relay are processes; each clock has a cut of its own, first while nothing else happens,
 * so that nobody is woken, then while other events come.
 */
export async function lateness({ history, events: clocks, rounds }: Settings): Promise<Figure> {
  const open = history.events
  const database = await testDatabase()
  await migrateStore(database.url)
  await migrateReactor(database.url)
  const folder = promised()
  const pool = poolOf(database.url, 4)
  const store = await openEventStore({ url: database.url })
  const env = { DATABASE_URL: database.url, FUNNEL_DEFINITIONS: folder }
  const services = await Promise.all([startService('relay', env), startService('sla-monitor', env)])
  const seen = await watchBreaches(database.url)
  const next = random(1)
  let leads = 0
  /** Lets so many clocks come due one after the other; gives how late each was, ascending. */
  const comeDue = async ({ least, most }: typeof QUIET): Promise<number[]> => {
    const cuts = new Map<string, Instant>()
    const events: Envelope[] = []
    let cut = Date.now() + GRACE + 1000
    for (let n = 0; n < clocks; n++) {
      cut += Math.round(least + next() * (most - least))
      const lead = `probe-${++leads}`
      events.push(captured(lead, 'soon', cut - GRACE - TARGET))
      cuts.set(lead, cut)
    }
    await store.append({ events })
    while (Date.now() < cut) await sleep(100)
    for (const end = Date.now() + 60_000; [...cuts.keys()].some((lead) => !seen.breaches.has(lead)); await sleep(20))
      if (Date.now() > end) throw new Error('a clock came due, but the log has no breach of it after a minute')
    return [...cuts]
      .map(([lead, due]) => {
        const breach = seen.breaches.get(lead)!
        if (breach.recorded < due)
          throw new Error(`the breach of ${lead} was recorded ${due - breach.recorded} ms early`)
        return breach.seen - due
      })
      .toSorted((a, b) => a - b)
  }
  try {
    await store.append({ events: [captured('lead-1', 'later', Date.now())] })
    for (let armed = 0; !armed; await sleep(50))
      armed = (await pool.query(`select from reactor.timer where id like '%lead-1%'`)).rowCount!
    await multiply(pool, 'lead-1', open)
    const [quiet, busy]: [number[][], number[][]] = [[], []]
    const commits: number[] = []
    for (let n = 0; n < rounds; n++) {
      commits.push(await commitTime(store))
      quiet.push(await comeDue(QUIET))
      const others = comeIn(store, n + 1)
      busy.push(await comeDue(BUSY))
      await others.stop()
      process.stderr.write(`  round ${n + 1}/${rounds}\n`)
    }
    await assertTold(pool, leads)
    const commit = spread(commits)
    return {
      what: `clocks of which each comes due at an instant of its own, beside ${open.toLocaleString('en')} open ones; ${clocks} a round, and as many again while other events come`,
      unit: 'clocks/s',
      rounds,
      rates: {},
      cpu: {},
      ratios: {},
      latencies: {
        'nothing else happens: p50': ofRounds(quiet, 0.5),
        'nothing else happens: p99': ofRounds(quiet, 0.99),
        'nothing else happens: p99 less a commit': ofRounds(quiet, 0.99, commit.median),
        'other events come: p50': ofRounds(busy, 0.5),
        'other events come: p99': ofRounds(busy, 0.99),
        'other events come: p99 less a commit': ofRounds(busy, 0.99, commit.median),
        'a commit': commit,
      },
      notes: [
        `from the due time and ${GRACE / 1000} s of grace until the breach is committed and seen in the log, PostgreSQL log; a tick: the watermark is passed on at least every 250 ms`,
        `relay and monitor are a process each; other events: ${(OTHERS.count * 1000) / OTHERS.every} a second; a commit: the median of ${COMMITS} appends of one event, one after the other; synchronous_commit on`,
      ],
    }
  } finally {
    await seen.close()
    for (const service of services) await service.stop()
    await store.close()
    await pool.end()
    await database.drop()
    rmSync(folder, { recursive: true })
  }
}

/** A folder with one promise, in wall time. */
function promised(): string {
  const folder = mkdtempSync(join(tmpdir(), 'funnel-bench-'))
  mkdirSync(join(folder, 'sla'))
  const policy = {
    id: 'probe',
    version: 1,
    name: 'An answer',
    description: 'Whoever was captured is answered.',
    owners: { marketing: 'm', sales: 's' },
    party: 'sales',
    starts: [{ event: ['lead.captured'], where: { field: 'properties.promise', in: ['soon', 'later'] } }],
    stops: [{ event: ['lead.converted'] }],
    recurs: 'once',
    terms: [{ where: { field: 'properties.promise', is: 'later' }, target: '720h' }, { target: `${TARGET / 60_000}m` }],
  }
  // JSON is YAML
  writeFileSync(join(folder, 'sla', 'probe.yaml'), JSON.stringify(policy))
  return folder
}

const captured = (lead: string, promise: string, occurred: Instant): Envelope => ({
  specversion: '1.0',
  id: derivedId('bench', 'lateness', lead),
  source: '/bench',
  type: 'lead.captured',
  dataschema: 'lead.captured:1',
  time: new Date(occurred).toISOString(),
  partitionkey: lead,
  data: { lead, properties: { promise } },
})

/**
 * Looks at the log after every commit; `breaches` has when the first breach of a lead was recorded, and when it was seen there.
 */
async function watchBreaches(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const breaches = new Map<string, { readonly recorded: Instant; readonly seen: Instant }>()
  let looking: Promise<void> | undefined
  let again = false
  const look = async () => {
    do {
      again = false
      const { rows } = await client.query<{ lead: string; recorded: Date }>({
        name: 'breaches',
        text: `select envelope->'data'->>'lead' lead, recorded_at recorded from store.event
               where type = 'sla.breached' and recorded_at > clock_timestamp() - interval '5 s'`,
      })
      const seen = Date.now()
      for (const { lead, recorded } of rows)
        if (!breaches.has(lead)) breaches.set(lead, { recorded: recorded.getTime(), seen })
    } while (again)
    looking = undefined
  }
  client.on('notification', () => {
    again = true
    looking ??= look()
  })
  await client.query('listen funnel_append')
  return {
    breaches,
    async close() {
      await looking
      await client.end()
    },
  }
}

/** How long an append of one event takes, in the median of some that come one after the other; milliseconds. */
async function commitTime(store: EventStore): Promise<number> {
  const times: number[] = []
  for (const event of syntheticLog(COMMITS, { seed: Date.now() })) {
    const start = performance.now()
    await store.append({ events: [event] })
    times.push(performance.now() - start)
  }
  return spread(times).median
}

/** Other events come in until it is stopped. */
function comeIn(store: EventStore, seed: number) {
  const load = { on: true }
  const source = syntheticLog(1e9, { seed })
  const running = (async () => {
    for (let due = performance.now(); load.on; due += OTHERS.every) {
      await sleep(Math.max(0, due - performance.now()))
      await store.append({ events: Array.from({ length: OTHERS.count }, () => source.next().value as Envelope) })
    }
  })()
  running.catch(() => undefined) // told by stop
  return {
    async stop() {
      load.on = false
      await running
    },
  }
}
