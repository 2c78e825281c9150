import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { mintId } from '@funnel/events'
import { describeKafka, random, startKafka, startPostgres, type TestKafka, type TestPostgres } from '@funnel/testing'
import { deliver, newJournal, type Journal, type Sent } from './load.js'
import { monitorVictims } from './monitors.js'
import { startPlatform, type Platform } from './platform.js'
import type { Supervised } from './processes.js'
import {
  beginOf,
  eventsOf,
  PROMISES,
  TARGETS,
  untilDeadline,
  waveOf,
  writePromises,
  type Planned,
  type Sending,
} from './sla-load.js'
import { areBehind, givenIn, judgedUpTo, recordedOf, toldIn } from './sla-log.js'
import { deadlinesOf, findings, GRACE, percentile, type Deadline, type Told } from './sla-verdicts.js'
import { kafkaVictim, postgresVictim, startKilling, type Victim } from './victims.js'

/** `npm run chaos` has ten times as many. */
const DEADLINES = Number(process.env['FUNNEL_CHAOS_EVENTS'] ?? 100_000) / 10
const SEED = Number(process.env['FUNNEL_CHAOS_SEED'] ?? 7)
/** A folder for what each run was: its faults in time, and what it came to. */
const OUT = process.env['FUNNEL_CHAOS_OUT']
const TIME = 180_000 + DEADLINES * 20
const QUEUED = 240_000
/** Behind by more than a frozen monitor explains, in milliseconds. */
const TOO_FAR = 45_000

/** What must have been told at least once. */
const MET_WITH =
  'met,cancelled,breached,ended stopped,ended cancelled,warned,escalated,reassigned,corrected met,historical met'.split(
    ',',
  )

describe('monitors of promises', () => {
  let platform: Platform | undefined
  let postgres: TestPostgres | undefined
  let kafka: TestKafka | undefined
  let pool: pg.Pool | undefined
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-promises-'))
    writePromises(folder)
  })
  afterEach(async () => {
    await platform?.stop().catch(() => undefined)
    await pool?.end()
    await postgres?.remove()
    await kafka?.remove()
    platform = postgres = kafka = pool = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  /** Ingest, relay and two monitors, the second of which stands by. */
  const start = async () => {
    postgres = await startPostgres()
    platform = await startPlatform({
      database: { url: postgres.url, drop: async () => undefined },
      definitions: [folder],
      answers: false,
      logLevel: 'info', // told where something fails
      ...(kafka && { kafkaBrokers: kafka.addresses }),
    })
    pool = new pg.Pool({ connectionString: postgres.url, max: 2 })
    pool.on('error', () => undefined) // it is killed
    const monitors = [await platform.another('sla-monitor')]
    await monitors[0]!.ready()
    monitors.push(await platform.another('sla-monitor'))
    return { postgres, platform, pool, monitors }
  }

  const run = async (log: 'postgres' | 'kafka', others: (relay: Supervised) => readonly Victim[] = () => []) => {
    const { postgres: server, platform: running, pool: database, monitors } = await start()
    const from = Date.now() + 1000
    const next = random(SEED)
    const near = () => sleep(untilDeadline(from, Date.now(), next))
    const nearby = (victim: Victim): Victim => ({ name: victim.name, kill: () => near().then(() => victim.kill()) })
    const relay = running.services.find(({ name }) => name === 'relay')!
    const { victims: some, caught } = monitorVictims(monitors, database, near)
    const victims = [...some, ...[postgresVictim(server), ...others(relay)].map(nearby)]
    const deadline = Date.now() + TIME
    const over = new AbortController()
    const { kills, faults, done } = startKilling(victims, {
      next: random(SEED + 1),
      least: 1,
      over: over.signal,
      deadline,
    })
    // a slow machine needs more of them until everybody was killed
    const more = (ahead: number) => ahead < DEADLINES || Object.values(kills).includes(0)
    const [{ leads, journal }] = await Promise.all([
      play(running, from, { more, tooMuch: () => areBehind(database, TOO_FAR) }, deadline).finally(() => over.abort()),
      done,
    ])

    if (OUT) writeFileSync(join(OUT, `chaos-sla-${log}.json`), JSON.stringify(faults))
    const recorded = await recordedOf(database)
    const upTo = await judgedUpTo(database, Date.now() + TARGETS.slow + GRACE, running)
    await judgedUpTo(database, Date.now(), running) // what followed from that, too
    const [told, given] = await Promise.all([toldIn(database), givenIn(database)])
    const deadlines = leads.flatMap((lead) => deadlinesOf(lead, (id) => recorded.get(id)!, upTo, given.has(lead.lead)))
    const { early, twice, lost, wrong } = findings(deadlines, told)
    const sayings = countBy(told, ({ what }) => what.replace(/ [\d.]+$/, ''))
    const summary = { log, seed: SEED, deadlines: deadlines.length, sayings, kills, betweenClaimAndMark: caught }
    const found = { early: early.length, twice: twice.length, lost: lost.length, wrong: wrong.length }
    const lateness = latenessOf(deadlines, told)
    const report = { ...summary, ...found, lateness, resends: journal.resends, failures: journal.failures }
    process.stderr.write(`chaos of promises: ${JSON.stringify(report)}\n`)
    if (OUT) writeFileSync(join(OUT, `chaos-sla-${log}.json`), `${JSON.stringify({ ...report, faults }, null, 2)}\n`)

    expect(journal.wrong).toEqual([])
    const sent = leads.flatMap(({ start, end }) => [start.id, ...(end ? [end.id] : [])])
    expect(new Set(sent).symmetricDifference(new Set(recorded.keys()))).toEqual(new Set())
    const first = (all: readonly string[]) => all.slice(0, 5)
    expect([early, twice, lost, wrong].map(first)).toEqual([[], [], [], []])
    const judged = deadlines.filter(({ owed }) => owed.some((what) => ['met', 'cancelled', 'breached'].includes(what)))
    expect(judged.length).toBeGreaterThanOrEqual(DEADLINES)
    // a run that never came to something has shown nothing about it
    for (const { name } of victims) expect([name, kills[name]! > 0]).toEqual([name, true])
    expect(caught.killed).toBeGreaterThan(0)
    expect(caught.frozen).toBeGreaterThan(0)
    for (const what of MET_WITH) expect([what, sayings[what]! > 0]).toEqual([what, true])
  }

  /** An answer is recorded before it is due, and read only after that: `readers` read the log, or bring it to whoever does. */
  const queued = async (readers: (all: Awaited<ReturnType<typeof start>>) => readonly Supervised[]) => {
    const all = await start()
    const { platform: running, pool: database } = all
    // a producer whose clock is ahead leaves time to stop them
    const at = Date.now() + 5000
    const leads = (['answered', 'unanswered'] as const).map((lead): Planned => ({
      lead,
      gold: true,
      history: false,
      start: { id: mintId(), at },
      ...(lead === 'answered' && { end: { id: mintId(), at: at + 500, kind: 'reply' } }),
    }))
    const send = (events: readonly Sent[]) =>
      deliver(running.ingest, running.writeKey, events, {
        journal: newJournal(),
        random: Math.random,
        deadline: at + 60_000,
      })
    await send(leads.map((lead) => eventsOf(lead)[0]))
    const clocks = leads.length * PROMISES.length
    while ((await toldIn(database)).length < clocks) await sleep(50)
    for (const one of readers(all)) one.kill('SIGSTOP')
    await send(leads.flatMap((lead) => eventsOf(lead)[1] ?? []))
    const end = at + TARGETS.slow + GRACE
    while (Date.now() < end + 1000) await sleep(100)
    expect((await toldIn(database)).map(({ what }) => what)).toEqual(Array.from({ length: clocks }, () => 'started'))
    for (const one of readers(all)) one.kill('SIGCONT')

    const upTo = await judgedUpTo(database, end, running)
    const recorded = await recordedOf(database)
    await judgedUpTo(database, Date.now(), running)
    const given = await givenIn(database)
    const [answered, unanswered] = leads.map((lead) =>
      deadlinesOf(lead, (id) => recorded.get(id)!, upTo, given.has(lead.lead)),
    )
    for (const { owed } of answered!) expect(owed).toEqual(['started', 'met'])
    for (const { owed } of unanswered!) expect(owed).toContain('breached')
    const nothing = { early: [], twice: [], lost: [], wrong: [] }
    expect(findings([...answered!, ...unanswered!], await toldIn(database))).toEqual(nothing)
  }

  it(
    'rows 23 and 24: killed and frozen around deadlines, two at once, tell each once, none early, none lost (PostgreSQL log)',
    () => run('postgres'),
    TIME + 240_000,
  )
  it(
    'row 24: frozen from before an answer until after it was due tell no breach (PostgreSQL log)',
    () => queued(({ monitors }) => monitors),
    QUEUED,
  )

  describeKafka(
    'with Kafka between',
    () => {
      beforeEach(async () => {
        kafka = await startKafka()
      })

      it(
        'rows 23 and 24: killed and frozen around deadlines, two at once, tell each once, none early, none lost',
        () => run('kafka', (relay) => [{ name: 'relay', kill: async () => relay.kill() }, kafkaVictim(kafka!)]),
        TIME + 240_000,
      )
      it(
        'row 24: that run while an answer waits for the relay until after it was due tell no breach',
        () => queued(({ platform: { services } }) => services.filter(({ name }) => name === 'relay')),
        QUEUED,
      )
    },
    'cluster',
  )
})

/**
 * Sends waves, each event at its time, until it is acknowledged, and a twentieth of them twice; as long as there are to be
 * more deadlines. Leaves out waves while the monitors are too far behind for a fault: the machine is slow then.
 */
async function play(
  { ingest, writeKey }: Platform,
  from: number,
  wanted: { readonly more: (deadlines: number) => boolean; readonly tooMuch: () => Promise<boolean> },
  deadline: number,
): Promise<{ readonly leads: readonly Planned[]; readonly journal: Journal }> {
  const journal = newJournal()
  const next = random(SEED + 2)
  const leads: Planned[] = []
  const send = async ({ at, events }: Sending) => {
    await sleep(Math.max(0, at - Date.now()))
    const times = next() < 0.05 ? 2 : 1
    journal.resends += (times - 1) * events.length
    // what was not killed in time is told by who waits for it, not by an answer that is still to come
    const until = deadline + 60_000
    for (let i = 0; i < times; i++) await deliver(ingest, writeKey, events, { journal, random: next, deadline: until })
  }
  const sent: Promise<unknown>[] = []
  for (let i = 0, deadlines = 0; wanted.more(deadlines) && Date.now() < deadline; i++) {
    await sleep(Math.max(0, beginOf(i, from) - Date.now()))
    if (await wanted.tooMuch()) continue
    const wave = waveOf(i, { seed: SEED, from })
    leads.push(...wave.leads)
    deadlines += wave.leads.filter(({ history }) => !history).length * PROMISES.length
    const sending = Promise.all(wave.sendings.map(send))
    sending.catch(() => undefined) // told below
    sent.push(sending)
  }
  await Promise.all(sent)
  return { leads, journal }
}

/** How late breaches were recorded, in milliseconds: after they were due, which has the grace in it, and after their cut. */
function latenessOf(deadlines: readonly Deadline[], told: readonly Told[]) {
  const deadlineOf = new Map(deadlines.map((one) => [one.clock, one]))
  const after = (since: 'due' | 'cut') => {
    const all = told.flatMap(({ what, clock, recorded }) => {
      const deadline = deadlineOf.get(clock)
      return what === 'breached' && deadline ? [recorded - deadline[since]] : []
    })
    return { p50: percentile(all, 0.5), p99: percentile(all, 0.99) }
  }
  return { afterDue: after('due'), afterCut: after('cut') }
}

const countBy = <Item>(items: readonly Item[], keyOf: (item: Item) => string): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(items, keyOf)].map(([key, { length }]) => [key, length]))
