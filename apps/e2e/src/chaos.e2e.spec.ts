import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import pg from 'pg'
import { naming } from '@funnel/event-log'
import { topicById, topicNames } from '@funnel/events'
import { describeKafka, startKafka, startPostgres, type TestKafka, type TestPostgres } from '@funnel/testing'
import { aftermath, load, owed, wreak } from './chaos.js'
import { foreignRecords, whyNoForeignClient } from './foreign-client.js'
import { startPlatform, type Platform } from './platform.js'
import { kafkaVictim, postgresVictim, type Victim } from './victims.js'

/** `npm run chaos` sends a million. */
const EVENTS = Number(process.env['FUNNEL_CHAOS_EVENTS'] ?? 100_000)
const SEED = Number(process.env['FUNNEL_CHAOS_SEED'] ?? 7)
/** A folder for what each run was: its faults in time, and what it came to. */
const OUT = process.env['FUNNEL_CHAOS_OUT']
const TIME = 60_000 + EVENTS * 4

/** The broker that leads most partitions but for the controller; it stays away until others have taken over. */
const leaderVictim = ({ brokers, addresses }: TestKafka): Victim => {
  const admin = new kafkajs.Kafka({ brokers: [...addresses], logLevel: kafkajs.logLevel.NOTHING }).admin()
  const leaders = async () => {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: topicNames.map(naming().nameOf) })
    await admin.disconnect()
    return topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader))
  }
  const leads = (all: readonly number[], node: number) => all.filter((leader) => leader === node).length
  return {
    name: 'kafka-leader',
    kill: async () => {
      const before = await leaders().catch(() => [])
      const [node] = [2, 3].toSorted((a, b) => leads(before, b) - leads(before, a)) as [number, number]
      if (!leads(before, node)) return false
      const broker = brokers[node - 1]!
      await broker.kill('SIGKILL')
      for (let tries = 0; tries < 50 && leads(await leaders().catch(() => [node]), node); tries++) await sleep(100)
      await broker.start()
      return true
    },
  }
}

/** Attributes that CloudEvents or our promise to consumers ask for, in each record's headers. */
const PROMISED = (
  'ce_specversion ce_id ce_source ce_type ce_time ce_dataschema ce_partitionkey ' +
  'content-type position version stream recorded epoch'
).split(' ')

/**
 * The places in the log, as `topic/partition/position`, of which a client that is not ours reads a record.
 * The relay may repeat itself; the place tells.
 */
async function placesReadByForeigner({ addresses }: TestKafka): Promise<ReadonlySet<string>> {
  const places = new Set<string>()
  for await (const { topic, partition, key, headers, data } of foreignRecords(addresses, String.raw`funnel\..*`)) {
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(PROMISED))
    expect(key).toBe(headers['ce_partitionkey'])
    expect(data).toBeInstanceOf(Object)
    places.add(`${naming().topicOf(topic)}/${partition}/${headers['position']}`)
  }
  return places
}

/** The same of the store. */
async function placesStored(url: string): Promise<ReadonlySet<string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ topic: number; partition: number; position: number }>({
    text: 'select topic, partition, position::float8 as position from store.event',
  })
  await client.end()
  return new Set(rows.map(({ topic, partition, position }) => `${topicById(topic)}/${partition}/${position}`))
}

describe('kill -9 at random moments under load', () => {
  let platform: Platform | undefined
  let postgres: TestPostgres | undefined
  let kafka: TestKafka | undefined
  afterEach(async () => {
    await platform?.stop().catch(() => undefined)
    await postgres?.remove()
    await kafka?.remove()
    platform = postgres = kafka = undefined
  })

  const run = async (
    log: 'postgres' | 'kafka',
    events: number,
    brokers?: readonly string[],
    more: readonly Victim[] = [],
  ) => {
    const server = await startPostgres()
    postgres = server
    platform = await startPlatform({
      database: { url: server.url, drop: async () => undefined },
      ...(brokers ? { kafkaBrokers: brokers } : {}),
    })
    const services = platform.services.map((service): Victim => ({
      name: service.name,
      kill: async () => service.kill(),
    }))
    const victims = [...services, postgresVictim(server), ...more]
    const sent = load(events, SEED)
    const chaos = await wreak(platform, sent, victims, { seed: SEED, least: 1, deadline: Date.now() + TIME })
    const after = await aftermath(platform, chaos.journal)
    const expected = owed(sent, chaos.journal)
    const { kills, faults, watched, journal } = chaos
    const { told, unavailable } = watched
    const summary = { log, seed: SEED, events, resends: journal.resends, failures: journal.failures, kills }
    const report = { ...summary, answers: told.length, unavailable, kpis: after.kpis, expected, falls: chaos.falls }
    process.stderr.write(`chaos: ${JSON.stringify(report)}\n`)
    if (OUT) writeFileSync(join(OUT, `chaos-${log}.json`), `${JSON.stringify({ ...report, faults }, null, 2)}\n`)
    expect(journal.wrong).toEqual([])
    expect(journal.acknowledged.size).toBe(events)
    expect(after).toMatchObject({ stored: events, acknowledgedAndStored: events, facts: events })
    expect(after.verification.differences).toEqual([])
    expect(after.kpis).toEqual(expected)
    expect(chaos.falls).toEqual([])
    // who was told nothing has not seen anything fall
    for (const kpi of Object.keys(expected))
      expect([kpi, told.some((answer) => answer.kpi === kpi && answer.count > 0)]).toEqual([kpi, true])
    // a run that never hit somebody has shown nothing about them
    for (const { name } of victims) expect([name, kills[name]! > 0]).toEqual([name, true])
    expect(journal.resends).toBeGreaterThan(0)
    expect(journal.failures).toBeGreaterThan(0)
  }

  it(
    'loses no acknowledged event, counts none twice, and what was folded equals a rebuild (PostgreSQL log)',
    () => run('postgres', EVENTS),
    TIME + 240_000,
  )

  describeKafka(
    'with Kafka between',
    () => {
      it(
        'loses no acknowledged event, counts none twice, and a client that is not ours counts the same',
        async () => {
          kafka = await startKafka({ size: 3 })
          await run('kafka', EVENTS, kafka.addresses, [kafkaVictim(kafka), leaderVictim(kafka)])
          const stored = await placesStored(postgres!.url)
          expect(stored.size).toBe(EVENTS)
          const why = whyNoForeignClient()
          if (why && process.env['CI'] !== 'true')
            process.stderr.write(`SKIPPED: the topics are not read by a client that is not ours: ${why}\n`)
          else expect((await placesReadByForeigner(kafka)).symmetricDifference(stored)).toEqual(new Set())
        },
        TIME + 240_000,
      )
    },
    'cluster',
  )
})
