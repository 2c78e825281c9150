import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import pg from 'pg'
import { describeKafka, testDatabase, testKafka, type TestDatabase } from '@funnel/testing'
import { commandLine, leads, until, type CommandLine } from './testing/command-line.js'

/** For each test: a broker and a dozen processes start slowly on a busy machine. */
const PATIENCE = 150_000

const lead = (id: string) => ({ type: 'lead.captured', id, data: { lead: id, person: id } })
const names = async (cli: CommandLine): Promise<readonly string[]> => {
  const { services } = await cli.json<{ services: { name: string }[] }>('status')
  return services.map(({ name }) => name)
}

describeKafka(
  'funnel up --kafka',
  () => {
    let cli: CommandLine
    beforeAll(async () => {
      cli = await commandLine()
    })
    afterAll(() => cli.close(), PATIENCE)

    it(
      'carries an event through a broker of its own to the KPI, and goes on where it was when it is started again',
      async () => {
        for (const known of [1, 2]) {
          const up = await cli.start('--kafka', '--no-demo').ready()
          expect(await names(cli)).toEqual([
            'ingest',
            'relay',
            'automation',
            'sla-monitor',
            'projector',
            'query',
            'postgres',
            'kafka',
          ])
          expect(await leads(cli)).toBe(known - 1)
          await up.send(lead(`lead-${known}`))
          await until(
            'leads',
            () => leads(cli),
            (count) => count === known,
          )
          up.kill('SIGTERM')
          expect(await up.ended).toBe(0)
        }
      },
      2 * PATIENCE,
    )
  },
  'cluster',
)

describeKafka('funnel up with DATABASE_URL and KAFKA_BROKERS', () => {
  let cli: CommandLine
  let database: TestDatabase
  beforeEach(async () => {
    database = await testDatabase()
    const { brokers } = await testKafka()
    cli = await commandLine({
      DATABASE_URL: database.url,
      KAFKA_BROKERS: brokers.join(','),
      KAFKA_TOPIC_PREFIX: `up-${randomBytes(4).toString('hex')}.`,
    })
  }, PATIENCE)
  afterEach(async () => {
    await cli.close()
    await database.drop()
  }, PATIENCE)

  /** Who has written into the store. */
  /** Who sent what is recorded; the SLA monitor aside, which begins its weeks and months with the first business. */
  const sources = async (): Promise<readonly string[]> => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      const { rows } = await client.query<{ source: string }>(
        `select distinct envelope->>'source' collate "C" source from store.event
         where envelope->>'source' <> '/funnel/sla-monitor' order by 1`,
      )
      return rows.map(({ source }) => source)
    } finally {
      await client.end()
    }
  }

  it(
    'uses them and writes nothing into them but what is sent, and never demo data beside it',
    async () => {
      const up = await cli.start().ready()
      expect(await cli.json('status')).toMatchObject({ workspace: 'default', demo: false, embeddedPostgres: false })
      expect(await names(cli)).toEqual(['ingest', 'relay', 'automation', 'sla-monitor', 'projector', 'query'])
      expect(await sources()).toEqual([])
      await up.send(lead('lead-1'))
      await until(
        'leads',
        () => leads(cli),
        (count) => count === 1,
      )
      up.kill('SIGTERM')
      expect(await up.ended).toBe(0)

      const demo = await cli.run('up', '--demo', ...cli.ports)
      expect(demo).toMatchObject({ code: 2, stderr: expect.stringContaining('holds other data') })
      expect(await sources()).toEqual(['dev'])
    },
    PATIENCE,
  )

  it(
    'feeds demo data into an empty store where it is asked to',
    async () => {
      await cli.start('--demo').ready()
      expect(await cli.json('status')).toMatchObject({ workspace: 'demo', demo: true, embeddedPostgres: false })
      await until(
        'leads',
        () => leads(cli),
        (count) => count > 0,
      )
      expect(await sources()).toEqual(['/definitions', '/funnel/automation', 'demo'])
    },
    PATIENCE,
  )
})
