import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { getMetadataStorage } from 'class-validator'
import { parse } from 'yaml'
import { FEW_COLLECTIONS, loadConfig, SHORT_PAUSES } from '@funnel/platform'
import { composeFile, secrets, variables } from './compose.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const ours = ['ingest', 'relay', 'automation', 'sla-monitor', 'projector', 'query', 'notifier']

/** Docker Compose itself, where its plugin is installed; it needs no daemon for this. */
const compose = (...args: string[]) =>
  spawnSync('docker', ['compose', ...args], { cwd: root, env: { ...process.env, ...secrets }, encoding: 'utf8' })
const hasCompose = compose('version').status === 0
if (!hasCompose)
  process.stderr.write('SKIPPED: there is no Docker Compose here to check docker-compose.yml; it is read by us alone\n')

describe('docker-compose.yml', () => {
  const { services, volumes, secrets: mounted } = composeFile(secrets)
  const entries = Object.entries(services)

  it('publishes nothing but loopback', () => {
    const ports = entries.flatMap(([, { ports = [] }]) => ports)
    expect(ports.length).toBeGreaterThan(2)
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
  })

  it('has no password or token of its own: without the variables it is refused', () => {
    for (const name of Object.keys(secrets)) {
      const { [name]: _, ...others } = secrets
      expect(() => composeFile(others)).toThrow(name)
    }
    expect(variables().filter((name) => /PASSWORD|TOKEN/.test(name) && !(name in secrets))).toEqual([
      'GRAFANA_PASSWORD',
    ])
  })

  it('checks the health of everything that goes on running, and starts again what ends', () => {
    for (const [name, { healthcheck, restart }] of entries) {
      expect([name, restart]).toEqual([name, name === 'migrate' ? 'no' : 'unless-stopped'])
      expect([name, healthcheck !== undefined]).toEqual([name, name !== 'migrate'])
    }
  })

  it('names every image with its version, and runs the Kafka that the tests run', () => {
    const images = entries.map(([, { image }]) => image!)
    expect(images.filter((image) => image !== 'funnel' && !/:v?\d/.test(image))).toEqual([])
    const version = /<kafka.version>(.*)<\/kafka.version>/.exec(text('infra/kafka/pom.xml'))![1]
    expect(services['kafka']!.image).toBe(`apache/kafka:${version}`)
  })

  it('starts our services from one image, without rights they do not need, once the databases are ready', () => {
    expect(
      readdirSync(join(root, 'apps'))
        .filter((app) => !['e2e', 'bench', 'funnel'].includes(app))
        .toSorted(),
    ).toEqual(ours.toSorted())
    for (const name of ours) {
      expect(services[name]).toMatchObject({
        image: 'funnel',
        read_only: true,
        cap_drop: ['ALL'],
        command: expect.arrayContaining(['node', `apps/${name}/dist/main.js`]),
        depends_on: {
          migrate: { condition: 'service_completed_successfully' },
          kafka: { condition: 'service_healthy' },
        },
      })
      expect(text('Dockerfile')).toMatch(/^USER node$/m)
    }
  })

  it('has services collect what is young as `funnel up` does', () => {
    expect(services['query']!.command).toContain(SHORT_PAUSES)
    expect(services['projector']!.command).toContain(FEW_COLLECTIONS)
  })

  it('tells the services only what they know', async () => {
    // apps export nothing, so this one is found by its place
    const module: unknown = await import(join(root, 'apps/funnel/src/upkeep/settings.ts'))
    const { Settings } = module as { Settings: new () => object }
    const fields = getMetadataStorage()
      .getTargetValidationMetadatas(Settings, '', false, false)
      .map(({ propertyName }) => propertyName)
    const fieldOf = (name: string) =>
      name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    for (const name of ours) {
      const { environment = {} } = services[name]!
      expect(() => loadConfig(Settings, { ...environment })).not.toThrow()
      expect(fields).toEqual(expect.arrayContaining(Object.keys(environment).map(fieldOf)))
    }
  })

  it('publishes the ports that the services listen on, and Prometheus scrapes them all', () => {
    const portsOf = (name: string) => ['PORT', 'GRPC_PORT'].flatMap((key) => services[name]!.environment![key] ?? [])
    for (const name of ours)
      for (const port of services[name]!.ports ?? []) expect(portsOf(name)).toContain(port.split(':').at(-1))
    const { scrape_configs: scrapes } = parse(text('infra/prometheus/prometheus.yml')) as {
      scrape_configs: { authorization: { credentials_file: string }; static_configs: { targets: string[] }[] }[]
    }
    expect(scrapes[0]!.static_configs[0]!.targets).toEqual(
      ours.map((name) => `${name}:${services[name]!.environment!['PORT']}`),
    )
    const [secret] = services['prometheus']!.secrets!
    expect(scrapes[0]!.authorization.credentials_file).toBe(`/run/secrets/${secret}`)
    expect(mounted[secret!]).toEqual({ environment: 'FUNNEL_TOKEN' })
  })

  it('mounts files that are there and volumes that are declared', () => {
    for (const [, service] of entries)
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':')
        if (from.startsWith('./')) expect([from, existsSync(join(root, from))]).toEqual([from, true])
        else expect(Object.keys(volumes)).toContain(from)
      }
  })

  const whereComposeIs = hasCompose ? it : it.skip
  whereComposeIs('is right in the eyes of Docker Compose, with all profiles', () => {
    const { status, stderr } = compose('--profile', '*', 'config', '--quiet')
    expect([stderr, status]).toEqual(['', 0])
  })
})
