import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { freePort } from '@funnel/platform'
import { testDatabase } from '@funnel/testing'
import { portNames } from './ports.js'
import { reporter } from './reporter.js'
import { up } from './up.js'

const before = { ...process.env }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-start-'))
  for (const name of ['DATABASE_URL', 'READ_DATABASE_URL', 'KAFKA_BROKERS', 'FUNNEL_DEFINITIONS', 'FUNNEL_WORKSPACE'])
    delete process.env[name]
})
afterEach(() => {
  process.env = { ...before }
  rmSync(folder, { recursive: true, force: true })
})

/** How a start fails. */
async function refused(workspace: string): Promise<FunnelError> {
  const dataDir = join(folder, 'data')
  const ports: Record<string, string> = {}
  for (const name of portNames) ports[`${name}Port`] = String(await freePort())
  const error = await up(
    { workspace, dataDir, ...ports },
    reporter(() => undefined),
    new AbortController().signal,
  ).then(
    async (started) => {
      await started.stop()
      throw new Error('it has started')
    },
    (failure: unknown) => failure,
  )
  if (error instanceof FunnelError) return error
  throw error
}

describe('a start', () => {
  it.each(['demo', 'mine'])('of %s tells every mistake in the definitions once, before anything runs', async (name) => {
    const file = join(folder, 'kpis', 'race.yaml')
    mkdirSync(join(folder, 'kpis'))
    writeFileSync(file, 'id: [\n')
    process.env['FUNNEL_DEFINITIONS'] = `${folder},${join(folder, 'none')}`
    const { code, details } = await refused(name)
    expect(readdirSync(folder)).not.toContain('data')
    expect(code).toBe('INVALID')
    expect(details['mistakes']).toEqual([
      expect.stringContaining(`${file}:`),
      expect.stringContaining(join(folder, 'none')),
    ])
  })

  it('names KAFKA_BROKERS where those do not answer, before anything runs', async () => {
    process.env['KAFKA_BROKERS'] = '127.0.0.1:1'
    expect(await refused('mine')).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^Kafka at 127.0.0.1:1, which KAFKA_BROKERS names, .*ECONNREFUSED.*: start it/),
    })
    expect(readdirSync(folder)).not.toContain('data')
  }, 30_000)

  it.each(['DATABASE_URL', 'READ_DATABASE_URL'])('names PostgreSQL and %s where that does not answer', async (name) => {
    const database = await testDatabase()
    process.env['DATABASE_URL'] = database.url
    process.env[name] = 'postgresql://owner:secret-1@127.0.0.1:1/funnel'
    const { code, message } = await refused('mine')
    expect(code).toBe('UNAVAILABLE')
    expect(message).toMatch(new RegExp(`^PostgreSQL at 127.0.0.1:1, which ${name} names, .*ECONNREFUSED`))
    expect(message).not.toContain('secret-1')
    await database.drop()
  })
})
