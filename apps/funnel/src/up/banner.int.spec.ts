import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { folderOf, openFolder } from '../workspace/folders.js'
import { thisProcess } from '../workspace/process.js'
import { writeState, type WorkspaceState } from '../workspace/state.js'
import { banner, inBackground } from './banner.js'

const named = ['FUNNEL_DATA_DIR', 'FUNNEL_WORKSPACE', 'FUNNEL_SERVER'] as const
let before: NodeJS.ProcessEnv
let base: string
beforeEach(() => {
  before = { ...process.env }
  for (const name of named) delete process.env[name]
  base = mkdtempSync(join(tmpdir(), 'funnel banner-'))
})
afterEach(() => {
  for (const name of named) if (before[name] === undefined) delete process.env[name]
  rmSync(base, { recursive: true, force: true })
})

/** A running workspace, its services from a port on. */
function running(workspace: string, port: number, more: Partial<WorkspaceState> = {}): string {
  const folder = folderOf(workspace, base)
  const state: WorkspaceState = {
    workspace,
    supervisor: thisProcess(),
    startedAt: new Date().toISOString(),
    ready: true,
    demo: true,
    embeddedPostgres: true,
    urls: { ingest: `http://127.0.0.1:${port}`, commands: `127.0.0.1:${port + 8}`, query: `127.0.0.1:${port + 1}` },
    databaseUrl: 'postgresql://x',
    vaultDatabaseUrl: 'postgresql://x',
    readDatabaseUrl: 'postgresql://x',
    services: [{ name: 'notifier', state: 'ready', restarts: 0, url: `http://127.0.0.1:${port + 10}` }],
    ...more,
  }
  openFolder(folder)
  writeState(folder, state)
  return banner(state, folder)
}

describe('the commands that the banner prints', () => {
  it('need no option where they find the workspace by themselves', () => {
    process.env['FUNNEL_DATA_DIR'] = base
    const text = running('demo', 7070)
    expect(text).toContain('npx funnel verify\n')
    expect(text).toContain('npm start -- --workspace mine --port-base 7170\n')
  })

  it('name the folder of the workspaces where it is another than usual, as a shell takes it', () => {
    const text = running('demo', 7070)
    expect(text).toContain(`npx funnel verify --data-dir '${base}'\n`)
    expect(text).toContain(`npm start -- --workspace mine --port-base 7170 --data-dir '${base}'\n`)
    expect(inBackground(folderOf('demo', base))).toContain(`\`npx funnel down --data-dir '${base}'\``)
  })

  it('name the workspace where several run, and ports that none of them has', () => {
    process.env['FUNNEL_DATA_DIR'] = base
    running('other', 7170)
    const text = running('demo', 7265)
    expect(text).toContain('npx funnel verify --workspace demo\n')
    expect(text).toContain('--port-base 7370\n')
  })

  it.each([
    ['FUNNEL_WORKSPACE', 'mine'],
    ['FUNNEL_SERVER', 'funnel.example:443'],
  ])('name the workspace where %s leads elsewhere', (name, value) => {
    process.env['FUNNEL_DATA_DIR'] = base
    process.env[name] = value
    expect(running('demo', 7070)).toContain('npx funnel verify --workspace demo\n')
  })

  it('carry the token by its name only', () => {
    expect(running('demo', 7070)).toContain('grpcurl -plaintext -d ')
    const text = running('demo', 7070, { token: 'secret-1' })
    expect(text).toContain('grpcurl -plaintext -H "authorization: Bearer $FUNNEL_TOKEN" -d ')
    expect(text).not.toContain('secret-1')
  })
})
