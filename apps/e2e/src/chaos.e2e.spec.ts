import { afterEach, describe, expect, it } from '@jest/globals'
import { describeKafka, startKafka, startPostgres, type TestKafka, type TestPostgres } from '@funnel/testing'
import { aftermath, load, wreak, type Victim } from './chaos.js'
import { startPlatform, type Platform } from './platform.js'

/** `npm run chaos` sends a million. */
const EVENTS = Number(process.env['FUNNEL_CHAOS_EVENTS'] ?? 100_000)
const SEED = Number(process.env['FUNNEL_CHAOS_SEED'] ?? 7)
const TIME = 60_000 + EVENTS * 4

const postgresVictim = (postgres: TestPostgres): Victim => ({
  name: 'postgres',
  kill: async () => {
    await postgres.kill()
    await postgres.start()
    return true
  },
})

const kafkaVictim = (kafka: TestKafka): Victim => ({
  name: 'kafka',
  kill: async () => {
    await kafka.brokers[0]!.kill('SIGKILL')
    await kafka.brokers[0]!.start()
    return true
  },
})

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

  const run = async (events: number, brokers?: readonly string[], more: readonly Victim[] = []) => {
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
    process.stderr.write(
      `chaos: seed ${SEED}, ${events} events, ${chaos.journal.resends} resent, ${chaos.journal.failures} requests without an answer, kills ${JSON.stringify(chaos.kills)}\n`,
    )
    expect(chaos.journal.wrong).toEqual([])
    expect(chaos.journal.acknowledged.size).toBe(events)
    expect(after).toMatchObject({ stored: events, acknowledgedAndStored: events, facts: events })
    expect(after.verification.differences).toEqual([])
    // a run that never hit somebody has shown nothing about them
    for (const { name } of victims) expect([name, chaos.kills[name]! > 0]).toEqual([name, true])
    expect(chaos.journal.resends).toBeGreaterThan(0)
    expect(chaos.journal.failures).toBeGreaterThan(0)
  }

  it(
    'loses no acknowledged event, counts none twice, and what was folded equals a rebuild (PostgreSQL log)',
    () => run(EVENTS),
    TIME + 240_000,
  )

  describeKafka(
    'with Kafka between',
    () => {
      it(
        'loses no acknowledged event, counts none twice, and what was folded equals a rebuild',
        async () => {
          kafka = await startKafka()
          await run(EVENTS, kafka.addresses, [kafkaVictim(kafka)])
        },
        TIME + 240_000,
      )
    },
    'cluster',
  )
})
