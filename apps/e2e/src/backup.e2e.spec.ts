import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { kafkaClient, naming } from '@funnel/event-log'
import { createWriteKey, migrateStore } from '@funnel/event-store'
import { topicNames } from '@funnel/events'
import { liveGeneration } from '@funnel/projections'
import { describeKafka, testDatabase, testKafka, type TestDatabase } from '@funnel/testing'
import { commandsIn } from './fences.js'
import { funnelWith } from './platform.js'
import { freePort } from '@funnel/platform'
import { supervise, type Supervised } from './processes.js'

const run = promisify(execFile)
const PAGE = 'docs/backup.md'

/** The pg_dump of the server's version, or nothing: then the database is copied by the server itself. */
const hasDump = Number(/\d+/.exec(spawnSync('pg_dump', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[0]) >= 18
if (!hasDump)
  process.stderr.write(
    'There is no pg_dump of PostgreSQL 18 here: backups are copies that the server makes of the database\n',
  )

describe(`The commands of ${PAGE}`, () => {
  let folder: string
  let store: TestDatabase
  let read: TestDatabase
  let env: Record<string, string>
  let services: Supervised[] = []
  let writeKey: string

  const start = async (...names: string[]) => {
    for (const name of names) services.push(supervise(name, await freePort(), { ...env, LOG_LEVEL: 'warn' }))
    await until(`${names.join(', ')} answer`, async () =>
      (await Promise.all(services.map((service) => answer(service, 'live')))).every((said) => said !== undefined),
    )
  }
  const stop = async () => {
    await Promise.all(services.splice(0).map((service) => service.stop()))
  }
  const answer = async ({ port }: Supervised, what: 'live' | 'ready'): Promise<string | undefined> => {
    const response = await fetch(`http://127.0.0.1:${port}/health/${what}`).catch(() => undefined)
    return response?.text()
  }
  const service = (name: string) => services.find((one) => one.name === name)!
  const until = async (what: string, check: () => Promise<boolean>) => {
    for (const end = Date.now() + 60_000; !(await check()); await sleep(100))
      if (Date.now() > end)
        throw new Error(`not within a minute: ${what}\n${services.map((one) => one.log()).join('\n')}`)
  }
  const ask = async <Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end()
    }
  }
  /** To the database beside ours, which is there to make others. */
  const admin = (text: string) => ask(new URL('/postgres', store.url).href, text)
  const name = () => new URL(store.url).pathname.slice(1)

  const post = async (what: string, count: number) => {
    const events = Array.from({ length: count }, (_, i) => ({
      id: `${what}-${i}`,
      type: 'lead.captured',
      data: { lead: `${what}-${i}` },
    }))
    const response = await fetch(`http://127.0.0.1:${service('ingest').port}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${writeKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    })
    expect(await response.json()).toMatchObject({ accepted: count })
  }
  const folded = (count: number) =>
    until(`${count} events folded`, async () => {
      const pool = new pg.Pool({ connectionString: read.url, max: 1 })
      try {
        const generation = await liveGeneration(pool)
        const { rows } = await pool.query<{ n: string }>(`select count(*) n from ${generation?.schema}.fact`)
        return Number(rows[0]!.n) === count
      } catch {
        return false
      } finally {
        await pool.end()
      }
    })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-backup-'))
    store = await testDatabase()
    read = await testDatabase()
    await migrateStore(store.url)
    const pool = new pg.Pool({ connectionString: store.url, max: 1 })
    writeKey = await createWriteKey(pool, 'e2e')
    await pool.end()
    env = { DATABASE_URL: store.url, READ_DATABASE_URL: read.url, FUNNEL_DATA_DIR: folder }
  })
  afterEach(async () => {
    await stop()
    await admin(`drop database if exists ${name()}_backup`)
    await store.drop()
    await read.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs a command of the page in the folder, with the variables of the services. */
  const shell = (command: string) =>
    run('sh', ['-c', command], { cwd: folder, env: { PATH: process.env['PATH'] ?? '', ...env } })
  const funnel = (command: string) => funnelWith(env, ...command.split(' ').slice(2))

  /** What happens around a command, by how it begins, in the order of the page. */
  const steps = (brokers?: readonly string[]): Record<string, (command: string) => Promise<unknown>> => ({
    pg_dump: async (command) => {
      await start('ingest', 'relay', 'projector')
      await post('before', 60)
      await folded(60)
      if (hasDump) await shell(command)
      else {
        await stop()
        await admin(`create database ${name()}_backup template ${name()}`)
        await start('ingest', 'relay', 'projector')
      }
      await post('after', 50)
      await folded(110)
    },
    pg_restore: async (command) => {
      await stop()
      await admin(`drop database ${name()} with (force)`)
      await admin(`create database ${name()} ${hasDump ? '' : `template ${name()}_backup`}`)
      if (hasDump) await shell(command)
    },
    'npx funnel migrate': funnel,
    'npx funnel restore': async (command) => {
      await start('relay')
      await until('the relay leads', async () => (await ask(store.url, 'select from store.head')).length === 1)
      await expect(funnel(command)).rejects.toThrow(/in use \(.*funnel-relay.*\): stop the services first/)
      await stop()
      const before = await ask(store.url, 'select epoch from store.meta')
      await funnel(command)
      expect(await ask(store.url, 'select epoch from store.meta')).not.toEqual(before)
      await start('ingest', 'relay', 'projector')
      await post('new', 40)
      await until('the projector stands still', async () => {
        return /another log.*funnel rebuild/.test((await answer(service('projector'), 'ready')) ?? '')
      })
      if (!brokers) return
      await until('the relay stands still', async () => {
        return /before a restore: delete the topics/.test((await answer(service('relay'), 'ready')) ?? '')
      })
      await withTopics(brokers, (client, names) => client.deleteTopics(names))
    },
    'npx funnel rebuild': async (command) => {
      await funnel(command)
      await folded(100)
      const leads = `select count(*) filter (where envelope ->> 'partitionkey' like 'new-%')::int as new, count(*)::int as all from store.event`
      expect(await ask(store.url, leads)).toEqual([{ new: 40, all: 100 }])
    },
    'npx funnel verify': funnel,
    'npx funnel replay': async (command) => {
      if (!brokers) return expect(funnel(command)).rejects.toThrow('has no Kafka')
      await until('everything is published', async () => (await onTopics(brokers)) >= 100)
      const before = await onTopics(brokers)
      await funnel(command)
      expect(await onTopics(brokers)).toBeGreaterThanOrEqual(before + (command.includes('--from') ? 0 : 100))
      await funnel('npx funnel verify')
    },
  })

  const withTopics = async <T>(
    brokers: readonly string[],
    work: (client: ReturnType<typeof kafkaClient>, names: string[]) => Promise<T>,
  ): Promise<T> => {
    const client = kafkaClient({ brokers, clientId: 'spec' })
    try {
      return await work(client, topicNames.map(naming(env['KAFKA_TOPIC_PREFIX']).nameOf))
    } finally {
      await client.close()
    }
  }
  /** Records on all topics. */
  const onTopics = (brokers: readonly string[]) =>
    withTopics(brokers, async (client, names) => {
      let records = 0
      const there = await client.partitionsOf(names)
      for (const topic of there.keys()) for (const { low, high } of await client.endsOf(topic)) records += high - low
      return records
    })

  const followThePage = async (brokers?: readonly string[]) => {
    const todo = steps(brokers)
    const done = new Set<string>()
    for (const command of commandsIn(PAGE)) {
      const key = Object.keys(todo).find((start) => command.startsWith(start))
      expect([command, key]).toEqual([command, expect.any(String)])
      await todo[key!]!(command)
      done.add(key!)
    }
    expect([...done]).toEqual(Object.keys(todo))
  }

  it('bring a store back whose new events nobody takes for old ones', () => followThePage(), 300_000)

  describeKafka('with Kafka between', () => {
    it('do the same, and publish the topics anew', async () => {
      const { brokers } = await testKafka()
      env = { ...env, KAFKA_BROKERS: brokers.join(','), KAFKA_TOPIC_PREFIX: `${crypto.randomUUID().slice(0, 8)}.` }
      await followThePage(brokers)
    }, 300_000)
  })
})
