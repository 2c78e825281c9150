import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { createClient } from '@funnel/query-api'
import { startPostgres, type TestPostgres } from '@funnel/testing'
import { composeFile, secrets, type ComposeService } from './compose.js'
import { funnelWith } from './platform.js'
import { freePort } from '@funnel/platform'
import { supervise, type Supervised } from './processes.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const text = (path: string) => readFileSync(join(root, path), 'utf8')

const ours = ['ingest', 'relay', 'automation', 'sla-monitor', 'projector', 'query', 'notifier']
const authorization = `Bearer ${secrets['FUNNEL_TOKEN']}`

/**
 * What a container would be started with, on this machine: the same variables, but for host names and ports, and
 * without Kafka, which other suites have.
 */
describe('The services as docker-compose.yml starts them', () => {
  const { services } = composeFile(secrets)
  let postgres: TestPostgres
  let databaseUrl: string
  const running: Supervised[] = []
  let grpcPort: number
  const here = ({ environment = {} }: ComposeService): Record<string, string> =>
    Object.fromEntries(
      Object.entries(environment)
        .filter(([name]) => name !== 'KAFKA_BROKERS')
        .map(([name, value]) => [
          name,
          value.replace('postgres:5432', new URL(databaseUrl).host).replace('0.0.0.0', '127.0.0.1'),
        ]),
    )

  beforeAll(async () => {
    postgres = await startPostgres()
    await postgres.createDatabase('funnel')
    databaseUrl = postgres.urlOf('funnel')
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query(rolesSql())
    await client.end()
    await funnelWith(here(services['migrate']!), ...commandOf(services['migrate']!))
    grpcPort = await freePort()
    for (const name of ours) {
      const env = here(services[name]!)
      running.push(
        supervise(name, await freePort(), {
          ...env,
          ...(env['GRPC_PORT'] && { GRPC_PORT: name === 'query' ? String(grpcPort) : '0' }),
        }),
      )
    }
    await Promise.all(running.map((service) => service.ready()))
  }, 180_000)
  afterAll(async () => {
    await Promise.all(running.map((service) => service.stop()))
    await postgres?.remove()
  })

  /** infra/postgres/roles.sql with what psql itself would do done. */
  const rolesSql = () => {
    const names = new Map(
      [...text('infra/postgres/roles.sql').matchAll(/^\\getenv (\w+) (\w+)$/gm)].map(([, name, of]) => [name!, of!]),
    )
    const env = services['postgres']!.environment!
    return text('infra/postgres/roles.sql')
      .replace(/^\\.*$/gm, '')
      .replace(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(env[names.get(name)!]!))
  }

  it('take an event with a key that was made for its source, and answer with the token only', async () => {
    const key = (await funnelWith(here(services['migrate']!), 'key', 'create', 'website')).trim()
    const answer = await fetch(`http://127.0.0.1:${running[0]!.port}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify([
        { type: 'lead.captured', id: 'a', data: { lead: '1' } },
        { type: 'lead.captured', id: 'a', data: { lead: '1', owner: 'else' } },
        { type: 'nothing' },
      ]),
    })
    expect(await answer.json()).toMatchObject({ accepted: 1, conflicts: 1, rejected: 1 })
    const stranger = createClient(`127.0.0.1:${grpcPort}`)
    await expect(stranger.queryKpi({ question: { kpi: 'leads' } })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    stranger.close()
    const client = createClient(`127.0.0.1:${grpcPort}`, { token: secrets['FUNNEL_TOKEN'] })
    const deadline = Date.now() + 60_000
    let leads: number | undefined
    while (leads !== 1 && Date.now() < deadline) {
      const { answer } = await client.queryKpi({ question: { kpi: 'leads' } })
      const value = answer?.rows[0]?.cell?.value
      leads = value?.$case === 'count' ? value.value : undefined
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    client.close()
    expect(leads).toBe(1)
  }, 90_000)

  it('run as roles that see no more than they need', async () => {
    const can = async (service: string, sql: string) => {
      const client = new pg.Client({ connectionString: here(services[service]!)['DATABASE_URL'] })
      await client.connect()
      try {
        await client.query(sql)
        return true
      } catch {
        return false
      } finally {
        await client.end()
      }
    }
    const looks = [
      'select from store.event',
      'select from store.write_key',
      'select from vault.raw',
      'select vault.forget_raw(1)',
      'select from read.generation',
    ]
    const seen = await Promise.all(
      ['ingest', 'projector', 'query'].map((service) => Promise.all(looks.map((sql) => can(service, sql)))),
    )
    expect(seen).toEqual([
      [true, true, false, true, false],
      [true, false, false, false, true],
      [false, false, false, false, true],
    ])
    expect(await can('query', 'create table read.mine ()')).toBe(false)
  })

  it('tell Prometheus, which carries the token, every metric that the dashboard draws', async () => {
    const scraped = await Promise.all(
      running.map(async ({ port }) => {
        const url = `http://127.0.0.1:${port}/metrics`
        expect((await fetch(url)).status).toBe(401)
        return (await fetch(url, { headers: { authorization } })).text()
      }),
    )
    const known = new Set(
      scraped
        .join('\n')
        .match(/^# TYPE \S+/gm)
        ?.map((line) => line.slice('# TYPE '.length)),
    )
    const drawn = metricsOf(text('infra/grafana/dashboards/funnel.json'))
    expect(drawn.length).toBeGreaterThan(15)
    expect(drawn.filter((metric) => !known.has(metric))).toEqual([])
    const own = [...known].filter((metric) => metric.startsWith('funnel_'))
    expect(own.filter((metric) => !drawn.includes(metric))).toEqual([])
  })
})

/** The metrics that the panels ask for, without the endings of histograms. */
const metricsOf = (dashboard: string): string[] => {
  const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] }
  const names = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(funnel|process|nodejs)_[a-z0-9_]+/g) ?? []),
  )
  return [...new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, '')))]
}

const commandOf = ({ command = [] }: ComposeService): string[] => {
  const [node, script, ...args] = command
  expect([node, script]).toEqual(['node', 'apps/funnel/dist/main.js'])
  return args
}

describe('The settings of PostgreSQL for a deployment', () => {
  it('are known to PostgreSQL 18, valid, and durable', async () => {
    const settings = text('infra/postgres/postgresql.conf')
      .split('\n')
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split(' = ').map((part) => part.replaceAll("'", '')) as [string, string])
      .filter(([name]) => name !== 'listen_addresses')
    // Small enough for a test machine; whether the value is one is asked all the same.
    const server = await startPostgres({ settings: settings.map(([name, value]) => `${name}=${value}`) })
    const client = new pg.Client({ connectionString: server.urlOf('postgres') })
    await client.connect()
    try {
      const { rows } = await client.query<{ name: string; setting: string }>(
        `select name, current_setting(name) setting from pg_settings where name = any($1)`,
        [settings.map(([name]) => name)],
      )
      const found = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
      expect(found).toEqual(
        Object.fromEntries(
          settings.map(([name, value]) => [name, value === 'on' && name === 'wal_compression' ? 'pglz' : value]),
        ),
      )
      expect(found).toMatchObject({ fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' })
    } finally {
      await client.end()
      await server.remove()
    }
  }, 120_000)
})
