import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FunnelError } from '@funnel/events'
import { reporter } from './reporter.js'
import { up } from './up.js'

const before = { ...process.env }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'funnel-start-'))
  for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'FUNNEL_DEFINITIONS', 'FUNNEL_WORKSPACE'])
    delete process.env[name]
})
afterEach(() => {
  process.env = { ...before }
  rmSync(folder, { recursive: true, force: true })
})

/** How a start fails, and that it does so before anything has been made. */
async function refused(workspace: string): Promise<FunnelError> {
  const dataDir = join(folder, 'data')
  const error = await up(
    { workspace, dataDir },
    reporter(() => undefined),
    new AbortController().signal,
  ).then(
    async (started) => {
      await started.stop()
      throw new Error('it has started')
    },
    (failure: unknown) => failure,
  )
  expect(readdirSync(folder)).not.toContain('data')
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
    expect(code).toBe('INVALID')
    expect(details['mistakes']).toEqual([
      expect.stringContaining(`${file}:`),
      expect.stringContaining(join(folder, 'none')),
    ])
  })
})
