import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { folderOf } from '../workspace/folders.js'
import { portsOf } from './options.js'
import { serviceSpecs } from './services.js'

describe('the services of a workspace', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'funnel-services-'))
    Object.assign(process.env, { SPEC_HOOK_SECRET: 'hunter2', FUNNEL_SPEC: 'for all' })
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    delete process.env['SPEC_HOOK_SECRET']
    delete process.env['FUNNEL_SPEC']
  })

  const specs = (destinations?: string) =>
    serviceSpecs({
      folder: folderOf('spec', folder),
      host: '127.0.0.1',
      ports: portsOf({}),
      databases: { store: 'store', vault: 'vault', log: 'log', read: 'read', query: 'query' },
      destinations,
    })

  it('have a notifier where there are destinations, and it alone is told the secrets that these ask for', () => {
    expect(specs().map(({ name }) => name)).not.toContain('notifier')
    const file = join(folder, 'destinations.yaml')
    writeFileSync(file, 'destinations: [{ secret: "${SPEC_HOOK_SECRET}", url: "${FUNNEL_SPEC}" }]')
    const told = specs(file).map(({ name, env }) => [name, env['SPEC_HOOK_SECRET'], env['FUNNEL_SPEC']])
    expect(told.filter(([, secret]) => secret !== undefined)).toEqual([['notifier', 'hunter2', 'for all']])
    expect(told.every(([, , ours]) => ours === 'for all')).toBe(true)
    expect(specs(file).find(({ name }) => name === 'notifier')?.env).toMatchObject({
      DATABASE_URL: 'store',
      FUNNEL_DESTINATIONS: file,
      PORT: '7080',
    })
  })
})
